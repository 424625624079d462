// SPDX-License-Identifier: Apache-2.0
/// What a worker does when a service can't be started: back off, say why, try again for ever, and count no attempt.

import Ring
import Settings
import Testing

@testable import Delivery

@Suite("A service that can't be launched")
struct LaunchFailureTests {
    private static func service(_ command: String, _ mode: Settings.Service.Mode) -> Settings.Service {
        .exec("") {
            $0.command = [command]
            $0.mode = mode
        }
    }

    @Test(
        "backs off and says why, and costs its messages no attempt",
        arguments: [
            ("@/missing", "no such file or directory"), ("@/plain", "permission denied"),
            ("@/rubbish", "exec format error"),
        ], [Settings.Service.Mode.exec, .stream])
    func kinds(kind: (command: String, reason: String), mode: Settings.Service.Mode) throws {
        let bench = try Bench([Self.service(kind.command, mode)])
        try bench.write("plain", "#!/bin/sh\n")
        try bench.write("rubbish", "\u{1}\u{2}", mode: 0o755)
        let worker = try bench.worker()
        bench.publish("x")
        #expect(try bench.run(worker) { try bench.status().launchFailures >= 3 })
        let status = try bench.status()
        let command = kind.command.replacing("@", with: bench.folder)
        #expect(status.state == .backingOff && status.until > 0 && status.launches == 0 && status.retried == 0)
        #expect(status.reason == "command \(command): \(kind.reason)")
    }

    @Test("starts by itself once the command is there")
    func recovers() throws {
        let bench = try Bench([Self.service("@/later", .exec)])
        let worker = try bench.worker()
        bench.publish("x")
        #expect(try bench.run(worker) { try bench.status().launchFailures > 0 })
        try bench.write("later", "#!/bin/sh\necho $BELFRY_ATTEMPT > $OUT/attempt\n", mode: 0o755)
        #expect(try bench.run(worker) { try bench.delivered() == 1 })
        #expect(bench.lines("attempt") == ["1"])
        #expect(try bench.run(worker) { try bench.status().reason.isEmpty })
    }

    @Test("names the folder that is not there")
    func directory() throws {
        let bench = try Bench([.exec("true") { $0.directory = "/no/such/folder" }])
        let worker = try bench.worker()
        bench.publish("x")
        #expect(try bench.run(worker) { try bench.status().launchFailures > 0 })
        #expect(try bench.status().reason == "directory /no/such/folder: no such file or directory")
    }

    @Test("as a stream that dies before its first answer, costs its messages no attempt")
    func diesAtStart() throws {
        let script =
            "echo >> $OUT/starts; [ $(wc -l < $OUT/starts) -lt 3 ] && exit 3; \(Settings.Service.readLine) && echo $line > $OUT/line; echo ok $id"
        let bench = try Bench([.stream(script)])
        let worker = try bench.worker()
        bench.publish("x")
        var reasons: Set<String> = []
        #expect(
            try bench.run(worker) {
                reasons.insert(try bench.status().reason)
                return try bench.delivered() == 1
            })
        #expect(reasons.contains("died at start (exit 3)"))
        #expect(try bench.status().launchFailures == 2 && bench.status().launches == 3)
        #expect(bench.lines("line").first?.contains(#""attempt":1,"#) == true)
        try bench.end(worker)
    }

    @Test("leaves other services untouched")
    func others() throws {
        let bench = try Bench([Self.service("@/missing", .exec), .exec("cat > $OUT/got", name: "well")])
        let worker = try bench.worker()
        bench.publish("x", for: [0, 1])
        #expect(try bench.run(worker) { try bench.delivered(1) == 1 })
        #expect(try bench.counts(0).pending == 1)
    }
}
