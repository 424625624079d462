// SPDX-License-Identifier: Apache-2.0

/// The names of syslog's facilities and severities, by their numbers in RFC 5424, section 6.2.1.
///
/// Used by the syslog decoder for topic and members, and by patterns, which may name nothing else.
/// Invariant: the index in each list is the number in PRI = facility * 8 + severity.
package enum SyslogName {
    package static let facilities: [[UInt8]] = [
        "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
        "ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6",
        "local7",
    ].map { Array($0.utf8) }

    package static let severities: [[UInt8]] = [
        "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug",
    ].map { Array($0.utf8) }

    static func list(_ names: [[UInt8]]) -> String {
        names.map { String(decoding: $0, as: Unicode.UTF8.self) }.joined(separator: ", ")
    }
}
