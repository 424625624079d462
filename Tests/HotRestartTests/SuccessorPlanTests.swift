// SPDX-License-Identifier: Apache-2.0
/// How the next generation is started, and what two generations say to each other, byte by byte.

import Testing

@testable import HotRestart

@Suite("The next generation")
struct SuccessorPlanTests {
    @Test("finds the environment of this one, but for what was said to this one alone")
    func environment() {
        let plan = SuccessorPlan(
            GenerationOptions(), executable: "/usr/bin/web",
            environment: [
                "PATH=/bin", "LISTEN_PID=7", "LISTEN_FDS=1", "LISTEN_FDNAMES=a", "WATCHDOG_PID=7", "WATCHDOG_USEC=9",
                "HOT_RESTART_GENERATION=2", "LISTEN=kept",
            ], number: 3)
        #expect(plan.environment == ["PATH=/bin", "WATCHDOG_USEC=9", "LISTEN=kept", "HOT_RESTART_GENERATION=3"])
        #expect(plan.executable == "/usr/bin/web")
        #expect(plan.arguments == CommandLine.arguments)
    }

    @Test("is another program with other arguments if the service wants that")
    func options() {
        var options = GenerationOptions()
        options.executable = "/opt/web"
        options.arguments = ["web", "--new"]
        let plan = SuccessorPlan(options, executable: "/usr/bin/web", environment: [], number: 2)
        #expect(plan.executable == "/opt/web")
        #expect(plan.arguments == ["web", "--new"])
    }

    @Test("gets its descriptors under their names from 3 on, as a sibling in the same process group")
    func request() {
        let plan = SuccessorPlan(GenerationOptions(), executable: "/usr/bin/web", environment: [], number: 2)
        let request = plan.request([("web", 40), ("udp", 41)])
        #expect(request.listenNames == ["web", "udp"])
        #expect(request.descriptors.filter { $0.target > 2 }.map { [$0.source, $0.target] } == [[40, 3], [41, 4]])
        #expect(request.asSibling && !request.processGroup && request.parentDeathSignal == nil)
    }

    @Test(
        "and this one understand each other",
        arguments: [.takeState, .ready, .state, .descriptor("a.b"), .handed, .yours] as [HandOverPacket])
    func packets(packet: HandOverPacket) { #expect(HandOverPacket(packet.bytes) == packet) }

    @Test("may say what this one does not know")
    func unknownPackets() {
        #expect(HandOverPacket([7, 1]) == nil)
        #expect(HandOverPacket([UInt8]()) == nil)
    }

    @Test(
        "goes by names that systemd would take, and that are not the library's",
        arguments: [
            ("web", true), ("a-b_c.d~", true), ("", false), ("a:b", false), ("a b", false), ("ü", false),
            ("a\n", false),
            ("hot-restart.channel", false), ("hot-restart.generation", false), ("hot-restart.mine", true),
            (String(repeating: "x", count: 255), true), (String(repeating: "x", count: 256), false),
        ])
    func names(name: String, isGood: Bool) {
        #expect(isGood == ((try? InheritedName.check(name)) != nil))
    }
}
