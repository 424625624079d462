// SPDX-License-Identifier: Apache-2.0
/// Runs a small shell script through the launcher and brings back what it wrote. Used by the tests of this folder.
/// Invariant: when `run` returns, the process has ended and is reaped; one that hangs is killed and reported.

import LinuxIO
import Testing

struct Shell {
    var request: LaunchRequest

    init(_ script: String) {
        request = LaunchRequest(path: "/bin/sh", arguments: ["sh", "-c", script], environment: ["PATH=/usr/bin:/bin"])
    }

    /// What it wrote to its standard output, in lines, after it exited with 0.
    func lines() throws -> [String] {
        let (output, status) = try run()
        #expect(status == .exited(0))
        return output.split(separator: "\n").map(String.init)
    }

    func run() throws -> (output: String, status: LinuxIO.ExitStatus) {
        let pipe = try Descriptor.pipe()
        var request = request
        request.descriptors.append((pipe.writing.raw, 1))
        let process = try LaunchPlan(request).launch()
        let reading = try pipe.keepReading()
        let output = try File.read(reading.raw, limit: 1 << 20)
        return (String(decoding: output, as: UTF8.self), try end(of: process))
    }
}

extension Pipe {
    /// Closes the writing end, so that the reader sees the end when all others have closed theirs.
    consuming func keepReading() throws -> Descriptor { try reading.duplicate() }
}

struct DeadlinePassed: Error {}

/// Waits until the descriptor is readable, for ten seconds at most.
func waitUntilReadable(_ raw: CInt) throws {
    let poller = try Poller()
    try poller.add(raw, token: 0, events: .readable)
    guard try poller.wait(timeoutNanoseconds: 10_000_000_000) == 1 else { throw DeadlinePassed() }
}

/// Waits for the process to end, and kills it when that takes too long.
func end(of process: borrowing ProcessDescriptor) throws -> LinuxIO.ExitStatus {
    do {
        try waitUntilReadable(process.raw)
    } catch {
        process.send(Signal.kill)
        try waitUntilReadable(process.raw)
        _ = process.reap()
        throw error
    }
    guard let status = process.reap() else { throw DeadlinePassed() }
    return status
}

/// Somewhere to put files, gone when the body is done.
func withTemporaryDirectory(_ body: (String) throws -> Void) throws {
    let path = try Directory.makeTemporary(in: "/tmp", prefix: "belfry-linuxio-")
    defer {
        for name in Directory.names(path) { _ = try? File.remove("\(path)/\(name)") }
        try? Directory.remove(path)
    }
    try body(path)
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

func text(_ span: Span<UInt8>) -> String {
    var bytes: [UInt8] = []
    for index in span.indices { bytes.append(span[index]) }
    return String(decoding: bytes, as: UTF8.self)
}
