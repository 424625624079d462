// SPDX-License-Identifier: Apache-2.0
/// What lies under Examples/, run as a stranger would: the Python sender and the service in ten lines of shell.
/// Invariant of each test: the example is used as it is shipped.

import LinuxIO
import Testing

@Suite("The examples work")
struct ExampleTests {
    let scratch: Scratch
    let broker: Broker

    init() throws {
        scratch = try Scratch()
        let shell = "\(Executables.repository)/Examples/shell/archive.sh"
        let item = "- name: archive\n  topics: [\">\"]\n  command: [\(shell), \(scratch.path)/archive]\n  mode: stream"
        broker = try Broker(scratch, services: [item])
    }

    private var client: [String] { ["\(Executables.repository)/Examples/python/belfry.py", "send"] }
    private var to: [String] { ["--to", "127.0.0.1:\(broker.port)", "--topic", "test.topic"] }

    private func archived(_ count: Int) throws -> [Substring] {
        try scratch.wait("\(count) lines in the archive", until: .after(.seconds(60))) {
            let lines = scratch.text("archive").split(separator: "\n")
            return lines.count >= count ? lines : nil
        }
    }

    @Test("the Python sender reaches the shell service", arguments: [[], ["--udp"]])
    func pythonToShell(_ options: [String]) throws {
        let sent = try scratch.run("python3", client + to + options + ["sda1 at 97 %"])
        #expect(sent.succeeded, "\(sent.errors)")
        #expect(try archived(1)[0].contains("sda1 at 97 %"))
        _ = try broker.ledger("the ack") { $0.services["archive"]?.delivered == 1 }
        try broker.stop()
    }

    @Test("the Python sender goes on when the acceptor is killed under it, and nothing is lost or doubled")
    func acceptorKilledUnderPython() throws {
        let count = 20_000
        let lines = (0..<count).map { "line-\($0)-end" }.joined(separator: "\n") + "\n"
        let sender = try Program("python3", client + to + ["--lines"], in: scratch, input: Array(lines.utf8))
        var kills = 0
        while try !Deadline.after(.milliseconds(100)).wait(on: sender.raw) {
            if try broker.ledger().intake.published > 0, Roles.signal(Signal.kill, "acceptor", of: broker) {
                kills += 1
            }
        }
        let result = try sender.wait()
        #expect(result.succeeded, "\(result.errors)")
        #expect(kills > 0, "the acceptor was never killed: the sender was too fast for this test")
        let all = try archived(count)
        #expect(all.count == count)
        #expect(try broker.ledger().intake.published == UInt64(count))
        try broker.stop()
    }
}
