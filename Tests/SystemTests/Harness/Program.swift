// SPDX-License-Identifier: Apache-2.0
/// A program that a test has started: its input comes from a file, its output goes to files of the scratch folder, so
/// nothing has to be pumped while the test looks elsewhere. Used for belfryd, belfry and every client.
/// Invariant: it does not outlive this value: what still runs at the end is killed and reaped.

import Foundation
import LinuxIO

final class Program {
    struct Result {
        let status: ExitStatus
        let output: String
        let errors: String
        var succeeded: Bool { status == .exited(0) }
    }

    struct NotFound: Error, CustomStringConvertible {
        let name: String
        var description: String { "\(name): not found; `make test` installs what the tests need" }
    }

    let name: String
    let pid: CInt
    private let process: ProcessDescriptor
    private let outputPath: String
    private let errorsPath: String
    private var ended: ExitStatus?

    init(
        _ name: String, _ arguments: [String], in scratch: Scratch, input: [UInt8] = [], environment: [String] = [],
        ownGroup: Bool = false, limits: [(resource: CInt, soft: UInt64, hard: UInt64)] = [],
        sockets: [(name: String, raw: CInt)] = []
    ) throws {
        guard let path = Executables.find(name) else { throw NotFound(name: name) }
        self.name = (name as NSString).lastPathComponent
        outputPath = scratch.fresh("\(self.name).out")
        errorsPath = scratch.fresh("\(self.name).err")
        let inputPath = scratch.fresh("\(self.name).in")
        try Data(input).write(to: URL(fileURLWithPath: inputPath))
        let reading = try Program.open(inputPath, writing: false)
        let output = try Program.open(outputPath, writing: true)
        let errors = try Program.open(errorsPath, writing: true)
        let plan = try LaunchPlan(
            LaunchRequest(
                path: path, arguments: [path] + arguments,
                environment: ["PATH=/usr/bin:/bin:/usr/sbin:/sbin", "LANG=C.UTF-8"] + environment,
                descriptors: [
                    (reading.fileDescriptor, 0), (output.fileDescriptor, 1), (errors.fileDescriptor, 2),
                ] + sockets.enumerated().map { ($1.raw, CInt($0) + 3) },
                listenNames: sockets.isEmpty ? nil : sockets.map(\.name), limits: limits, processGroup: ownGroup))
        process = try plan.launch()
        pid = process.pid
        // The files are the program's now; here they are only read again, by name.
        try reading.close()
        try output.close()
        try errors.close()
    }

    deinit {
        guard ended == nil else { return }
        process.send(Signal.kill)
        _ = try? wait(until: .after(.seconds(10)))
    }

    /// Readable when the program has ended.
    var raw: CInt { process.raw }
    var output: String { Program.text(outputPath) }
    var errors: String { Program.text(errorsPath) }
    var hasEnded: Bool { (try? reap()) ?? false }

    func signal(_ signal: CInt) { process.send(signal) }

    /// Its end and all that it has said.
    @discardableResult
    func wait(until deadline: Deadline = .after()) throws -> Result {
        while try !reap() {
            guard try deadline.wait(on: process.raw) else {
                throw TimedOut("\(name) (\(pid)) does not end\n\(output)\(errors)")
            }
        }
        return Result(status: ended!, output: output, errors: errors)
    }

    private func reap() throws -> Bool {
        if ended == nil { ended = process.reap() }
        return ended != nil
    }

    private static func text(_ path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }

    private static func open(_ path: String, writing: Bool) throws -> FileHandle {
        let url = URL(fileURLWithPath: path)
        guard writing else { return try FileHandle(forReadingFrom: url) }
        try Data().write(to: url)
        return try FileHandle(forWritingTo: url)
    }
}

extension Scratch {
    /// Runs a program to its end.
    @discardableResult
    func run(
        _ name: String, _ arguments: [String], input: String = "", environment: [String] = [],
        until deadline: Deadline = .after()
    ) throws -> Program.Result {
        try Program(name, arguments, in: self, input: Array(input.utf8), environment: environment).wait(until: deadline)
    }

    /// Belfryd behind a few words of shell, which end in `exec "$BELFRYD" "$@"` or the like.
    func wrapper(_ words: String) throws -> String {
        let path = try write(
            "belfryd.sh", "#!/bin/sh\nset -e\n[ $# -gt 0 ] || exit 0\nBELFRYD='\(Executables.belfryd)'\n\(words)\n",
            executable: true)
        // A process that another test starts at this moment may still have the file open for writing.
        _ = try poll("the script") { (try? run(path, [])) != nil ? true : nil } as Bool
        return path
    }
}
