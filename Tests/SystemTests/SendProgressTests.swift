// SPDX-License-Identifier: Apache-2.0
/// What a person sees of `belfry send --lines` in a terminal while the broker takes its time.
/// Invariant of each test: the broker is a real one; it is full, because a service does not answer and its disk takes nothing.

import LinuxIO
import Testing

@Suite("The progress of a long sending")
struct SendProgressTests {
    @Test("moves on in a terminal though nothing is accepted, and tells what was sent and what was accepted")
    func full() throws {
        let scratch = try Scratch()
        let silent = try scratch.write("silent.sh", "#!/bin/sh\nexec sleep 1000\n", executable: true)
        let service = "- name: silent\n  topics: [\">\"]\n  command: [\(silent)]\n  mode: stream"
        let broker = try Broker(
            scratch, services: [service], portOptions: ", max-message: 4KiB",
            settings: "ring: { size: 64KiB }\nshutdown: { grace: 100ms }")
        // In the place of the first file that it would write.
        try Directory.make(scratch.file("state/segments/parked-0000000000000001.seg"))
        let line = String(repeating: "x", count: 999) + "\n"
        let lines = try scratch.write("lines", String(repeating: line, count: 10_000))
        // Standard input is the file, the rest the terminal.
        let words = "'\(Executables.belfry)' send --to 127.0.0.1:\(broker.port) --topic a.b --lines - <'\(lines)'"
        let sender = try Program(
            "script", ["-qec", "stty cols 80; \(words)", "/dev/null"], in: scratch,
            environment: ["TERM=xterm", "SHELL=/bin/sh"])
        let picture = /\[#*-*\] \d+ %  (\d+) sent  (\d+) accepted  \d+\/s  (\d+s)/
        let seen = try scratch.poll("two pictures with nothing accepted between them") { () -> [Substring]? in
            let all = sender.output.matches(of: picture)
            guard let last = all.last, !sender.hasEnded else { return sender.hasEnded ? [] : nil }
            let same = all.filter { $0.2 == last.2 }
            return Set(same.map(\.3)).count > 1 ? [last.1, last.2] : nil
        }
        try #require(seen.count == 2, "\(sender.output)")
        let (sent, accepted) = (try #require(UInt64(seen[0])), try #require(UInt64(seen[1])))
        #expect(sent > accepted && sent < 10_000, "\(sent) sent, \(accepted) accepted")
        sender.signal(Signal.kill)
        try sender.wait()
        try broker.stop(until: .after(.seconds(30)))
    }
}
