// SPDX-License-Identifier: Apache-2.0
/// What passes between C and Swift: handles, sentences, options, a state.
///
/// Used by Functions.
/// Invariant: a sentence is cut to its room and ends in a zero; what is copied for C is freed by hotrestart_free_state.

internal import CHotRestart
internal import Glibc
internal import HotRestart

func handle(_ generation: OpaquePointer?) -> Generation {
    guard let generation = unsafe generation else {
        preconditionFailure("hotrestart: no generation; hotrestart_start must come first, and have succeeded")
    }
    // Holds: every handle was made by hotrestart_start from a Generation that is never released.
    return unsafe Unmanaged<Generation>.fromOpaque(UnsafeRawPointer(generation)).takeUnretainedValue()
}

func attempt<Result>(
    _ error: UnsafeMutablePointer<hotrestart_error>?, otherwise failed: Result, _ body: () throws -> Result
) -> Result {
    do {
        return try body()
    } catch let reason {
        unsafe tell("\(reason)", error)
        return failed
    }
}

func tell(_ sentence: String, _ error: UnsafeMutablePointer<hotrestart_error>?) {
    guard let error = unsafe error else { return }
    // Holds: no more bytes than the text has room for, one of them the zero.
    unsafe withUnsafeMutableBytes(of: &error.pointee.text) { room in
        let bytes = sentence.utf8.prefix(room.count - 1)
        unsafe room.copyBytes(from: bytes)
        unsafe room[bytes.count] = 0
    }
}

func text(_ pointer: UnsafePointer<CChar>?) -> String? { unsafe pointer.map { unsafe String(cString: $0) } }

/// C's ports are ints.
func number(_ port: CInt) throws(GenerationError) -> UInt16 {
    guard let number = UInt16(exactly: port) else { throw .system(call: "port \(port)", reason: "not a port") }
    return number
}

extension SocketType {
    init?(_ type: CInt) {
        switch UInt32(bitPattern: type) {
        case SOCK_STREAM.rawValue: self = .stream
        case SOCK_DGRAM.rawValue: self = .datagram
        default: return nil
        }
    }
}

extension GenerationOptions {
    init(_ given: hotrestart_options) {
        self.init()
        if unsafe given.signal != 0 { signal = unsafe given.signal < 0 ? nil : unsafe given.signal }
        executable = unsafe text(given.executable)
        arguments = unsafe Self.list(given.arguments)
        pidFile = unsafe text(given.pid_file)
        handsState = unsafe given.hands_state != 0
        if unsafe given.ready_timeout_ms > 0 { readyTimeout = unsafe .milliseconds(Int(given.ready_timeout_ms)) }
        if unsafe given.drain_timeout_ms != 0 {
            drainTimeout = unsafe given.drain_timeout_ms < 0 ? nil : .milliseconds(Int(given.drain_timeout_ms))
        }
        if unsafe given.maximum_generations > 0 { maximumGenerations = unsafe Int(given.maximum_generations) }
    }

    private static func list(_ words: UnsafePointer<UnsafePointer<CChar>?>?) -> [String]? {
        guard var next = unsafe words else { return nil }
        var list: [String] = []
        while let word = unsafe text(next.pointee) {
            list.append(word)
            unsafe next += 1
        }
        return list
    }
}

extension hotrestart_state {
    /// In memory of C's own.
    init(copying state: HandedState) {
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, state.bytes.count), alignment: 1)
        unsafe bytes.copyBytes(from: state.bytes)
        let count = state.descriptors.count
        let descriptors = UnsafeMutablePointer<hotrestart_descriptor>.allocate(capacity: max(1, count))
        for (index, (name, descriptor)) in state.descriptors.enumerated() {
            unsafe (descriptors + index).initialize(to: .init(name: strdup(name), descriptor: descriptor))
        }
        unsafe self.init(
            bytes: bytes.baseAddress, count: state.bytes.count, descriptors: descriptors, descriptor_count: count)
    }

    /// Freed once, however often it is called.
    mutating func free() {
        for index in unsafe 0..<descriptor_count {
            unsafe Glibc.free(UnsafeMutablePointer(mutating: descriptors[index].name))
        }
        unsafe descriptors?.deallocate()
        unsafe bytes?.deallocate()
        unsafe self = hotrestart_state()
    }
}
