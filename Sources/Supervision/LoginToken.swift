// SPDX-License-Identifier: Apache-2.0
/// The word that a telnet client has to know, as it stands in control.token-file.
///
/// Read for each attempt, so that a new one counts at once.
/// Invariant: a file that others than its owner can read holds no token; and how long a comparison takes tells nothing of
/// what is right.

internal import LinuxIO

struct LoginToken {
    static let counts = 16...256
    private let bytes: [UInt8]

    /// - Throws: StartFault.
    init(_ path: String) throws(StartFault) {
        let what = "control.token-file \(path)"
        let facts: File.Facts
        do throws(SystemCallError) {
            let file = try File.open(path)
            facts = try File.facts(of: file.raw)
            bytes = Self.word(try File.read(file.raw, limit: 4096))
        } catch {
            throw StartFault("\(what): \(error.reason); write a token into it (openssl rand -hex 16)")
        }
        guard facts.isRegular, facts.mode & 0o077 == 0, facts.user == 0 || facts.user == CurrentProcess.user else {
            throw StartFault(
                "\(what): others may read or replace it; it must be a file of mode 600 that belongs to root or to the user "
                    + "that belfryd runs as (chmod 600 \(path))")
        }
        guard Self.counts.contains(bytes.count) else {
            throw StartFault(
                "\(what): its first line has \(bytes.count) bytes; \(Self.counts.lowerBound) to "
                    + "\(Self.counts.upperBound) would be right (openssl rand -hex 16)")
        }
    }

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// The first line.
    private static func word(_ file: [UInt8]) -> [UInt8] {
        Array(file.prefix { $0 != 0x0A && $0 != 0x0D })
    }

    /// Looks at as many bytes as were given, whatever they are.
    func matches(_ given: [UInt8]) -> Bool {
        var difference = given.count ^ bytes.count
        for index in given.indices { difference |= Int(given[index] ^ bytes[index % bytes.count]) }
        return difference == 0
    }
}
