// SPDX-License-Identifier: Apache-2.0
// A disk in memory that records what is done to it, and can tell what may be left of that after a power cut.
// Used by PowerCutTests. What is not synced may be there whole, in part, by sectors, or not at all, in any order.
// Invariant: what a cut leaves of a file that was synced is what was in it then, as far as nothing was written there since.

import LinuxIO

@testable import Segments

final class MemoryDisk: SegmentStorage {
    enum Operation {
        case create(String, Int)
        case write(Int, at: Int, [UInt8])
        case grow(Int, to: Int)
        case truncate(Int, to: Int)
        case sync(Int)
        /// Of a file, which gets the name even if its old one never came to the disk.
        case rename(Int, String, to: String)
        case remove(String)
        case syncFolder
    }

    private(set) var operations: [Operation] = []
    private var files: [String: Int] = [:]
    private var contents: [[UInt8]] = []

    init() {}

    /// What a cut has left.
    init(_ image: [String: [UInt8]]) {
        for name in image.keys.sorted() {
            files[name] = contents.count
            contents.append(image[name]!)
        }
    }

    /// As a disk that begins with what is there now.
    var image: [String: [UInt8]] { files.mapValues { contents[$0] } }

    func create(_ name: String) throws(SystemCallError) -> CInt {
        guard files[name] == nil else { throw SystemCallError(call: "openat", code: 17) }
        files[name] = contents.count
        contents.append([])
        operations.append(.create(name, contents.count - 1))
        return CInt(contents.count - 1)
    }

    func open(_ name: String, writable: Bool) throws(SystemCallError) -> CInt {
        guard let file = files[name] else { throw SystemCallError(call: "openat", code: 2) }
        return CInt(file)
    }

    func close(_ file: CInt) {}

    /// A file system that knows no such thing does nothing, as this one for large files: megabytes of zeros take time.
    func preallocate(_ file: CInt, _ count: Int) throws(SystemCallError) {
        if count <= 1 << 16 { record(.grow(Int(file), to: count)) }
    }

    func write(
        _ file: CInt, at position: Int, _ first: Span<UInt8>, _ second: Span<UInt8>
    ) throws(SystemCallError) {
        record(.write(Int(file), at: position, [UInt8](copying: first) + [UInt8](copying: second)))
    }

    func read(_ file: CInt, at position: Int, count: Int, into buffer: ByteBuffer) throws(SystemCallError) {
        let bytes = contents[Int(file)]
        guard position < bytes.count else { return }
        _ = buffer.append(bytes.span.extracting(position..<min(position + count, bytes.count)))
    }

    func size(_ file: CInt) -> Int { contents[Int(file)].count }
    func truncate(_ file: CInt, to count: Int) throws(SystemCallError) { record(.truncate(Int(file), to: count)) }
    func sync(_ file: CInt) throws(SystemCallError) { operations.append(.sync(Int(file))) }
    func syncFolder() throws(SystemCallError) { operations.append(.syncFolder) }
    func names() throws(SystemCallError) -> [String] { files.keys.sorted() }

    func rename(_ name: String, to other: String) throws(SystemCallError) {
        guard let file = files.removeValue(forKey: name) else { throw SystemCallError(call: "renameat", code: 2) }
        files[other] = file
        operations.append(.rename(file, name, to: other))
    }

    func remove(_ name: String) throws(SystemCallError) {
        files[name] = nil
        operations.append(.remove(name))
    }

    private func record(_ operation: Operation) {
        operations.append(operation)
        if let file = operation.file { operation.change(&contents[file]) }
    }
}

extension MemoryDisk.Operation {
    fileprivate var file: Int? {
        switch self {
        case .write(let file, _, _), .grow(let file, _), .truncate(let file, _): file
        default: nil
        }
    }

    fileprivate func change(_ bytes: inout [UInt8]) {
        switch self {
        case .write(_, let position, let new):
            grow(&bytes, to: position + new.count)
            bytes.replaceSubrange(position..<position + new.count, with: new)
        case .grow(_, let count): grow(&bytes, to: count)
        case .truncate(_, let count): bytes.removeLast(max(bytes.count - count, 0))
        default: break
        }
    }

    private func grow(_ bytes: inout [UInt8], to count: Int) {
        if bytes.count < count { bytes += [UInt8](repeating: 0, count: count - bytes.count) }
    }
}

/// What is on the platters, and what is only on its way there.
struct PowerCut {
    /// How the disk treats what is on its way.
    enum Manner: CaseIterable { case drops, keeps, reorders, tears }

    private var onDisk: [Int: [UInt8]] = [:]
    private var onTheWay: [Int: [MemoryDisk.Operation]] = [:]
    private var names: [String: Int] = [:]
    private var namesOnTheWay: [MemoryDisk.Operation] = []

    /// A disk with this on it.
    init(_ image: [String: [UInt8]] = [:]) {
        // As a disk of such an image numbers them.
        for (number, name) in image.keys.sorted().enumerated() {
            names[name] = number
            onDisk[number] = image[name]
        }
    }

    mutating func apply(_ operation: MemoryDisk.Operation) {
        switch operation {
        case .write(let file, _, _), .grow(let file, _), .truncate(let file, _):
            onTheWay[file, default: []].append(operation)
        case .sync(let file):
            for done in onTheWay.removeValue(forKey: file) ?? [] { done.change(&onDisk[file, default: []]) }
        case .create, .rename, .remove: namesOnTheWay.append(operation)
        case .syncFolder:
            for done in namesOnTheWay { Self.change(&names, done) }
            namesOnTheWay = []
        }
    }

    /// The power goes now.
    func image(_ manner: Manner, using random: inout some RandomNumberGenerator) -> [String: [UInt8]] {
        var names = names
        for operation in namesOnTheWay where keeps(manner, &random) { Self.change(&names, operation) }
        return names.mapValues { content(of: $0, manner, &random) }
    }

    private func content(of file: Int, _ manner: Manner, _ random: inout some RandomNumberGenerator) -> [UInt8] {
        var bytes = onDisk[file] ?? []
        var operations = onTheWay[file] ?? []
        if manner == .reorders || manner == .tears { operations.shuffle(using: &random) }
        for operation in operations where keeps(manner, &random) {
            guard manner == .tears, case .write(_, let position, let new) = operation else {
                operation.change(&bytes)
                continue
            }
            for start in stride(from: 0, to: new.count, by: 512) where Bool.random(using: &random) {
                let sector = Array(new[start..<min(start + 512, new.count)])
                MemoryDisk.Operation.write(file, at: position + start, sector).change(&bytes)
            }
        }
        return bytes
    }

    private func keeps(_ manner: Manner, _ random: inout some RandomNumberGenerator) -> Bool {
        switch manner {
        case .drops: false
        case .keeps: true
        case .reorders: Bool.random(using: &random)
        case .tears: Int.random(in: 0..<4, using: &random) > 0
        }
    }

    private static func change(_ names: inout [String: Int], _ operation: MemoryDisk.Operation) {
        switch operation {
        case .create(let name, let file): names[name] = file
        case .rename(let file, let name, let other):
            if names[name] == file { names[name] = nil }
            names[other] = file
        case .remove(let name): names[name] = nil
        default: break
        }
    }
}
