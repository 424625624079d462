// SPDX-License-Identifier: Apache-2.0
/// A process that does one thing beside the broker and tells of it in a few lines: `belfryd examine`, `belfryd shadow`.
///
/// Started and watched by the Supervisor, which reaps it. Standard output and error are one pipe here: what a program says
/// when it can't even begin comes with the rest.
/// Invariant: nothing here waits; it is given up at its deadline, and of its words no more is kept than the limit.

internal import LinuxIO

final class SideProcess {
    /// What has come of it.
    enum Outcome: Equatable {
        /// It has done what it was for; its last line.
        case done(String)
        /// In its own words, or ours about its end.
        case failed(String)
    }

    private static let wordsLimit = 64 << 10

    let process: ProcessDescriptor
    /// Monotonic nanoseconds at which it is given up.
    let deadline: UInt64
    private let timeLimit: UInt64
    private let output: Descriptor
    private let words = ByteBuffer(capacity: 1024, limit: wordsLimit)
    private var isGivenUp = false

    /// - Parameters: `program`: what is executed. `role`: the first argument. `descriptors`: by name, for it alone.
    ///   `timeLimit`: nanoseconds.
    init(
        _ program: String, _ arguments: [String], _ descriptors: [(name: String, source: CInt)], timeLimit: UInt64
    ) throws {
        let pipe = try Descriptor.pipe()
        let plan = try LaunchPlan(
            LaunchRequest(
                path: program, arguments: ["belfryd"] + arguments, environment: LaunchEnvironment.forRoles,
                descriptors: [(pipe.writing.raw, 1), (pipe.writing.raw, 2)]
                    + descriptors.enumerated().map { ($1.source, CInt($0) + 3) },
                listenNames: descriptors.isEmpty ? nil : descriptors.map(\.name), parentDeathSignal: Signal.kill))
        process = try plan.launch()
        output = pipe.takeReading()
        self.timeLimit = timeLimit
        deadline = Clock.monotonic() &+ timeLimit
        try Descriptor.setNonBlocking(output.raw)
    }

    /// To be watched until `receive` says that it has ended.
    var raw: CInt { output.raw }

    /// Takes what it has said.
    /// - Returns: whether more may come.
    func receive() -> Bool {
        while true {
            switch words.receive(from: output.raw) {
            case .bytes: continue
            case .wouldBlock: return true
            case .closed, .failed: return false
            // What it says first is the reason; the rest is let go.
            case .full: return false
            }
        }
    }

    /// Its time is over.
    func giveUp() {
        isGivenUp = true
        process.send(Signal.kill)
    }

    /// It was reaped.
    func outcome(_ status: ExitStatus) -> Outcome {
        _ = receive()
        let text = words.withReadable { bytes in String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self) }
        let last = text.split(separator: "\n").last.map(String.init) ?? ""
        if isGivenUp { return .failed("was not done after \(timeLimit / 1_000_000_000) s") }
        switch status {
        case .exited(0): return .done(last)
        case .exited where !last.isEmpty: return .failed(last)
        default: return .failed("ended at once (\(status))" + (last.isEmpty ? "" : ": \(last)"))
        }
    }
}
