// SPDX-License-Identifier: Apache-2.0
/// One run of `belfry settings-image FILE`, and what has come of it so far: the image, and its words about the file.
///
/// Made by SettingsTool. At the start it is waited for; at a reload the Supervisor's loop watches it.
/// Invariant: nothing here waits, and it holds no more than the limits here, whatever the tool does.

internal import LinuxIO
internal import Settings

final class SettingsReading {
    /// The settings and the words about them, or why there are none.
    enum Outcome {
        case read(Settings, image: [UInt8], warnings: [String])
        /// The file has faults: the tool's lines about it, without its last word.
        case refused([String])
        case failed(String)
    }

    private static let sizeLimit = 64 << 20
    private static let wordsLimit = 256 << 10

    let process: ProcessDescriptor
    private let output: Descriptor
    /// nil if they went to our own standard error.
    private var errors: Descriptor?
    /// Monotonic nanoseconds at which it is given up.
    let deadline: UInt64
    private let executable: String
    private let image = ByteBuffer(capacity: 65_536, limit: sizeLimit)
    private let words = ByteBuffer(capacity: 4096, limit: wordsLimit)
    private var trouble: String?

    init(
        _ process: consuming ProcessDescriptor, output: consuming Descriptor, errors: consuming Descriptor?,
        executable: String, deadline: UInt64
    ) throws(SystemCallError) {
        try Descriptor.setNonBlocking(output.raw)
        if let raw = errors?.raw { try Descriptor.setNonBlocking(raw) }
        self.process = process
        self.output = output
        self.errors = errors
        self.executable = executable
        self.deadline = deadline
    }

    /// What is to be watched, each until `receive` says that it has ended.
    var outputRaw: CInt { output.raw }
    var errorsRaw: CInt? { errors?.raw }

    /// Takes what the image's pipe has now.
    /// - Returns: whether more may come.
    func receiveImage() -> Bool { receive(image, from: output.raw) }

    /// The same for its words.
    func receiveWords() -> Bool {
        guard let raw = errors?.raw else { return false }
        return receive(words, from: raw)
    }

    /// Its time is over.
    func giveUp() {
        trouble = "not done after all this time"
        process.send(Signal.kill)
    }

    /// It has ended.
    func outcome(_ status: ExitStatus) -> Outcome {
        _ = receiveImage()
        _ = receiveWords()
        if let trouble { return .failed("\(executable) settings-image: \(trouble)") }
        guard status == .exited(0) else {
            if case .exited = status { return .refused(lines.filter { !$0.hasPrefix("belfry: ") }) }
            return .failed("\(executable), which reads the settings, died: \(status)")
        }
        let bytes = image.withReadable { bytes in bytes.indices.map { bytes[$0] } }
        do {
            return .read(try SettingsImage.decode(bytes.span), image: bytes, warnings: lines)
        } catch {
            return .failed("\(executable) settings-image: \(error)")
        }
    }

    private var lines: [String] {
        let text = words.withReadable { bytes in String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self) }
        return text.split(separator: "\n").map(String.init)
    }

    private func receive(_ buffer: ByteBuffer, from raw: CInt) -> Bool {
        while true {
            switch buffer.receive(from: raw) {
            case .bytes: continue
            case .wouldBlock: return true
            case .closed: return false
            case .full:
                trouble = "it says more than \(buffer.limit) bytes"
                process.send(Signal.kill)
                return false
            case .failed(let code):
                trouble = "\(SystemCallError(call: "read", code: code))"
                process.send(Signal.kill)
                return false
            }
        }
    }
}
