// SPDX-License-Identifier: Apache-2.0
/// Reads the settings by way of `belfry settings-image FILE`, run from beside our own executable.
///
/// YAML and user names are looked at in that process alone: a broken file, or a crash in a parser, can't hurt a broker.
/// At the start what it says about the file goes to our own standard error as it is; at a reload it is collected.
/// Invariant: it takes no longer than the limit here, whatever the tool does.

internal import Glibc
internal import LinuxIO
package import Settings

package struct SettingsTool: Sendable {
    /// The settings and the bytes that they came in.
    package struct Result: Sendable {
        package let settings: Settings
        package let image: [UInt8]
    }

    package let executable: String
    /// Nanoseconds.
    private let timeLimit: UInt64

    package init(executable: String, timeLimit: UInt64 = 30_000_000_000) {
        self.executable = executable
        self.timeLimit = timeLimit
    }

    /// The tool of the same build as this process.
    package static func besideThisExecutable() throws -> SettingsTool {
        let own = try CurrentProcess.executable()
        guard let slash = own.lastIndex(of: "/") else { throw StartFault("\(own): not an absolute path") }
        return SettingsTool(executable: own[...slash] + "belfry")
    }

    /// Waits for it.
    /// - Returns: nil if the tool refused the file; it has said why.
    package func read(_ file: String) throws -> Result? {
        switch try outcome(of: file, collectsWords: false) {
        case .read(let settings, let image, _): return Result(settings: settings, image: image)
        case .refused: return nil
        case .failed(let sentence): throw StartFault(sentence)
        }
    }

    /// Waits for it.
    func outcome(of file: String, collectsWords: Bool) throws -> SettingsReading.Outcome {
        let reading = try start(file, collectsWords: collectsWords)
        guard let status = try wait(reading) else {
            reading.process.send(SIGKILL)
            throw StartFault(
                "\(executable) settings-image: not done with \(file) after \(timeLimit / 1_000_000_000) s")
        }
        return reading.outcome(status)
    }

    /// Starts it, and waits for nothing.
    /// - Parameter collectsWords: whether its standard error is for us, or goes where ours goes.
    func start(_ file: String, collectsWords: Bool) throws -> SettingsReading {
        let output = try Descriptor.pipe()
        var words = try collectsWords ? Descriptor.pipe() : nil
        let plan = try LaunchPlan(
            LaunchRequest(
                path: executable, arguments: ["belfry", "settings-image", file],
                environment: LaunchEnvironment.inherited(["PATH", "LANG"]),
                descriptors: [(output.writing.raw, 1), (words?.writing.raw ?? 2, 2)], parentDeathSignal: SIGKILL))
        let process: ProcessDescriptor
        do {
            process = try plan.launch()
        } catch {
            throw StartFault(
                "\(executable), which reads the settings, could not be started: "
                    + DescriptorShortage.telling(error))
        }
        return try SettingsReading(
            process, output: output.takeReading(), errors: Self.reading(words.take()), executable: executable,
            deadline: Clock.monotonic() &+ timeLimit)
    }

    private static func reading(_ pipe: consuming Pipe?) -> Descriptor? {
        guard let pipe else { return nil }
        return pipe.takeReading()
    }

    /// nil when the time is over.
    private func wait(_ reading: SettingsReading) throws -> ExitStatus? {
        let poller = try Poller(capacity: 3)
        try poller.add(reading.outputRaw, token: 0, events: .readable)
        try poller.add(reading.process.raw, token: 1, events: .readable)
        var wordsRaw = reading.errorsRaw
        if let wordsRaw { try poller.add(wordsRaw, token: 2, events: .readable) }
        var isOpen = true
        while true {
            if let raw = wordsRaw, !reading.receiveWords() {
                wordsRaw = nil
                try poller.remove(raw)
            }
            if isOpen, !reading.receiveImage() {
                isOpen = false
                try poller.remove(reading.outputRaw)
            }
            if let status = reading.process.reap() { return status }
            let now = Clock.monotonic()
            guard now < reading.deadline else { return nil }
            _ = try poller.wait(timeoutNanoseconds: reading.deadline - now)
        }
    }
}
