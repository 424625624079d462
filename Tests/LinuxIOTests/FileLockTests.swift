// SPDX-License-Identifier: Apache-2.0
/// Locks on files: who may hold them together, and that they pass on with the descriptor.

import LinuxIO
import Testing

@Suite("A file lock")
struct FileLockTests {
    @Test("held exclusively keeps all others out, until it is let go")
    func exclusive() throws {
        try withTemporaryDirectory { folder in
            do {
                let first = try FileLock.acquire("\(folder)/lock", .exclusive)
                #expect(isHeld(first) == true)
                #expect(isHeld(try FileLock.acquire("\(folder)/lock", .exclusive)) == false)
                #expect(isHeld(try FileLock.acquire("\(folder)/lock", .shared)) == false)
                _ = first
            }
            #expect(isHeld(try FileLock.acquire("\(folder)/lock", .exclusive)) == true)
        }
    }

    @Test("held shared lets others share it, and no one have it alone")
    func shared() throws {
        try withTemporaryDirectory { folder in
            let first = try FileLock.acquire("\(folder)/lock", .shared)
            #expect(isHeld(try FileLock.acquire("\(folder)/lock", .shared)) == true)
            #expect(isHeld(try FileLock.acquire("\(folder)/lock", .exclusive)) == false)
            #expect(isHeld(first) == true)
        }
    }

    @Test("lives on in a child that has its descriptor, and the child is named as the holder")
    func passedOn() throws {
        try withTemporaryDirectory { folder in
            let process = try {
                let lock = try #require(try held("\(folder)/lock"))
                var request = Shell("exec sleep 60").request
                request.descriptors = [(lock.lock.descriptor.raw, 3)]
                return try LaunchPlan(request).launch()
            }()
            #expect(isHeld(try FileLock.acquire("\(folder)/lock", .exclusive)) == false)
            #expect(FileLock.holders(of: "\(folder)/lock") == [process.pid])
            process.send(Signal.kill)
            #expect(try end(of: process) == .signalled(Signal.kill))
            #expect(isHeld(try FileLock.acquire("\(folder)/lock", .exclusive)) == true)
        }
    }

    @Test("that can't be made says why")
    func failure() {
        let error = #expect(throws: SystemCallError.self) {
            _ = isHeld(try FileLock.acquire("/nonexistent/lock", .exclusive))
        }
        #expect(error?.description == "open: no such file or directory")
    }

    private func isHeld(_ lock: borrowing FileLock?) -> Bool {
        switch lock {
        case .some: true
        case .none: false
        }
    }

    private func held(_ path: String) throws -> HeldLock? {
        guard let lock = try FileLock.acquire(path, .exclusive) else { return nil }
        return HeldLock(lock)
    }
}

/// Carries a lock where only copyable values can go.
private final class HeldLock {
    let lock: FileLock
    init(_ lock: consuming FileLock) { self.lock = lock }
}
