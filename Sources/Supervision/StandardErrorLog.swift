// SPDX-License-Identifier: Apache-2.0
/// Log lines on standard error: plain for a terminal, with a "<3>" level in front for the journal.
///
/// Installed by belfryd's entry point for supervisor and roles alike. See sd-daemon(3) for the prefixes, and
/// systemd.exec(5) for JOURNAL_STREAM.
/// Invariant: one record is one line and one write, whatever its text holds; nobody waits for a reader of the log: what
/// it has no room for is left out, and told when it has.

package import LinuxIO
package import Logging

package struct StandardErrorLog: LogHandler {
    package var logLevel = Logger.Level.info
    package var metadata: Logger.Metadata = [:]
    private let label: String
    private let isJournal: Bool
    private let writer: LineWriter

    /// - Parameter writer: the process's one, on standard error.
    package init(label: String, isJournal: Bool, writer: LineWriter) {
        self.label = label
        self.isJournal = isJournal
        self.writer = writer
    }

    /// Whether standard error is the journal's: JOURNAL_STREAM names the very file.
    package static func isJournal() -> Bool {
        guard let stream = CurrentProcess.environment("JOURNAL_STREAM"), let identity = File.identity(of: 2) else {
            return false
        }
        return stream == "\(identity.device):\(identity.inode)"
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let line = Self.line(
            event.level, label, "\(event.message)",
            metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }.map { "\($0)=\($1)" },
            isJournal: isJournal)
        writer.write(line) { count in
            Self.line(
                .warning, label, "\(count) lines of the log were left out: nobody read them", [], isJournal: isJournal)
        }
    }

    /// Words that are no log record: the usage.
    package static func write(_ text: String) { try? File.write(2, Array(text.utf8).span) }

    static func line(
        _ level: Logger.Level, _ label: String, _ message: String, _ metadata: [String], isJournal: Bool
    ) -> [UInt8] {
        var text = isJournal ? "<\(priority(level))>" : ""
        text += "\(label): "
        // Journal and terminal show the level in their own ways only for what is worth it.
        if !isJournal, level >= .warning { text += "\(level): " }
        text += ([message] + metadata).joined(separator: " ")
        return text.utf8.map { $0 < 0x20 || $0 == 0x7F ? 0x20 : $0 } + [0x0A]
    }

    /// syslog's levels.
    private static func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
