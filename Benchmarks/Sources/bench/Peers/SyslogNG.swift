// SPDX-License-Identifier: Apache-2.0
/// syslog-ng with program(): each message on a line to a resident program, which says nothing back.
///
/// Used by rows 6 and 9. Debian does not install it beside rsyslog: it runs from where it was unpacked.
/// Invariant: a full window makes senders over TCP wait (flow-control).

import Foundation

struct SyslogNG: Sendable {
    let transport: String

    static let settings =
        "`flags(flow-control)`, `log-iw-size(100000)`, `log-fetch-limit(1000)`, `log-fifo-size(200000)`, `so-rcvbuf(8388608)`;"
        + " program() confirms nothing"

    func setUp(_ stage: Stage, _ load: Load, _ boards: [Board]) throws -> Setup {
        let port = try stage.port()
        let publish = try stage.tools.publish
        let address = ["--to", "127.0.0.1:\(port)"]
        var setup = Setup(publisher: [publish, "syslog-\(transport)"] + address + load.options(boards))
        let place = try Place(stage.tools)
        let libraries = ["LD_LIBRARY_PATH": place.libraries]
        let version = try Self.configVersion(stage, place.program, libraries)
        let arguments = [
            place.program, "-F", "--no-caps", "-f", try configuration(stage, boards[0], port: port, version),
            "-R", stage.path("persist"), "-p", stage.path("pid"), "-c", stage.path("ctl"), "--module-path",
            place.modules,
        ]
        let sign = transport == "udp" ? Server.Sign.datagrams(port) : .port(port)
        setup.servers = [
            Server(name: "syslog-ng", arguments: arguments, extra: libraries, sign: sign)
        ]
        return setup
    }

    /// Its settings want to be told for which version they were written.
    private static func configVersion(_ stage: Stage, _ program: String, _ extra: [String: String]) throws -> String {
        do {
            let text = try stage.run("version", [program, "--version"], extra: extra)
            guard let found = text.firstMatch(of: #/Config version: ([0-9.]+)/#) else { throw Trouble("no version") }
            return String(found.1)
        } catch {
            throw Missing("syslog-ng does not run here: \(error)")
        }
    }

    private func configuration(_ stage: Stage, _ board: Board, port: Int, _ version: String) throws -> String {
        let program = [try stage.tools.consume, "omprog", "--board", board.path].joined(separator: " ")
        let source =
            transport == "udp"
            ? "transport(udp) so-rcvbuf(8388608)" : "transport(tcp) log-iw-size(100000) max-connections(10)"
        return try stage.file(
            "syslog-ng.conf",
            """
            @version: \(version)
            options { stats-freq(0); log-fifo-size(200000); keep-hostname(yes); use-dns(no); };
            source s { syslog(ip(127.0.0.1) port(\(port)) \(source) log-fetch-limit(1000)); };
            destination d { program("exec \(program)" template("$MSG\\n")); };
            log { source(s); destination(d); flags(flow-control); };

            """)
    }

    /// Where the package was unpacked, or installed.
    private struct Place {
        let program, modules, libraries: String

        init(_ tools: Tools) throws {
            let unpacked = tools.peers.appending(path: "usr/sbin/syslog-ng").path
            let isUnpacked = FileManager.default.isExecutableFile(atPath: unpacked)
            program = try isUnpacked ? unpacked : tools.peer("syslog-ng")
            let root = isUnpacked ? tools.peers.path : ""
            let own = "\(root)/usr/lib/syslog-ng"
            let versions = (try? FileManager.default.contentsOfDirectory(atPath: own)) ?? []
            guard let version = versions.first(where: { $0.first?.isNumber ?? false }) else {
                throw Missing("\(own) has no modules of syslog-ng")
            }
            modules = "\(own)/\(version)"
            let system = ["\(root)/usr/lib", "\(root)/lib"].flatMap { folder in
                ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
                    .filter { $0.hasSuffix("-linux-gnu") }.map { "\(folder)/\($0)" }
            }
            libraries = ([own] + system).joined(separator: ":")
        }
    }
}
