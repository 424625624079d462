// SPDX-License-Identifier: Apache-2.0
/// Reads the settings by way of `belfry settings-image FILE`, run from beside our own executable.
///
/// YAML and user names are looked at in that process alone: a broken file, or a crash in a parser, can't hurt a broker.
/// What it says about the file goes to our own standard error as it is.
/// Invariant: it takes no longer and gives no more than the limits here, whatever the tool does.

internal import Glibc
internal import LinuxIO
package import Settings

package struct SettingsTool {
    /// The settings and the bytes that they came in.
    package struct Result: Sendable {
        package let settings: Settings
        package let image: [UInt8]
    }

    package let executable: String
    /// Nanoseconds.
    private let timeLimit: UInt64
    private static let sizeLimit = 64 << 20

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

    /// - Returns: nil if the tool refused the file; it has said why.
    package func read(_ file: String) throws -> Result? {
        var output: Descriptor?
        let process = try launch(file, &output)
        let deadline = Clock.monotonic() &+ timeLimit
        guard let output else { return nil }
        do {
            let image = try collect(output.raw, until: deadline)
            guard let status = try end(of: process, until: deadline) else { throw tooSlow(file) }
            guard status == .exited(0) else { return try refused(status) }
            return try Result(settings: SettingsImage.decode(image.span), image: image)
        } catch {
            process.send(SIGKILL)
            throw error is StartFault ? error : StartFault("\(executable) settings-image \(file): \(error)")
        }
    }

    private func launch(_ file: String, _ output: inout Descriptor?) throws -> ProcessDescriptor {
        var reading: Descriptor?
        var writing: Descriptor?
        try Descriptor.pipe().split { first, second in
            reading = consume first
            writing = consume second
        }
        guard let end = writing.take() else { throw StartFault("pipe") }
        output = reading.take()
        let plan = try LaunchPlan(
            LaunchRequest(
                path: executable, arguments: ["belfry", "settings-image", file],
                environment: LaunchEnvironment.inherited(["PATH", "LANG"]),
                descriptors: [(end.raw, 1), (2, 2)], parentDeathSignal: SIGKILL))
        do {
            return try plan.launch()
        } catch {
            throw StartFault("\(executable), which reads the settings, could not be started: \(error)")
        }
    }

    private func collect(_ raw: CInt, until deadline: UInt64) throws -> [UInt8] {
        try Descriptor.setNonBlocking(raw)
        let poller = try Poller(capacity: 1)
        try poller.add(raw, token: 0, events: .readable)
        let buffer = ByteBuffer(capacity: 65_536, limit: Self.sizeLimit)
        while true {
            switch buffer.receive(from: raw) {
            case .bytes: continue
            case .closed:
                return buffer.withReadable { bytes in bytes.indices.map { bytes[$0] } }
            case .full: throw StartFault("\(executable): more than \(Self.sizeLimit) bytes of settings")
            case .failed(let code): throw SystemCallError(call: "read", code: code)
            case .wouldBlock: guard try wait(poller, until: deadline) else { throw tooSlow("it") }
            }
        }
    }

    private func end(of process: borrowing ProcessDescriptor, until deadline: UInt64) throws -> ExitStatus? {
        let poller = try Poller(capacity: 1)
        try poller.add(process.raw, token: 0, events: .readable)
        while true {
            if let status = process.reap() { return status }
            guard try wait(poller, until: deadline) else { return nil }
        }
    }

    /// False when the time is over.
    private func wait(_ poller: Poller, until deadline: UInt64) throws -> Bool {
        let now = Clock.monotonic()
        guard now < deadline else { return false }
        return try poller.wait(timeoutNanoseconds: deadline - now) > 0
    }

    private func refused(_ status: ExitStatus) throws -> Result? {
        if case .exited = status { return nil }
        throw StartFault("\(executable), which reads the settings, died: \(status)")
    }

    private func tooSlow(_ what: String) -> StartFault {
        StartFault("\(executable) settings-image: not done with \(what) after \(timeLimit / 1_000_000_000) s")
    }
}
