// SPDX-License-Identifier: Apache-2.0
/// Row 9: what a broker costs: CPU flat out and at 5,000 a second, memory, and what it does when it is idle.
///
/// Invariant: the work is that of rows 1, 3 and 6, with the same contenders.

import Report

private let rate = 5000
private let paced: @Sendable (Int) -> Load = { _ in Load(count: rate * 2, rate: rate, wantsMemory: true) }

private func flatOut(_ window: Int = 0) -> @Sendable (Int) -> Load {
    { Load(count: $0 / 2, window: window, wantsMemory: true) }
}

private func datagrams(_ load: (Int) -> Load) -> [Contender] {
    let belfry = Belfry(sender: "udp")
    return [Contender("Belfry", settings: belfry.settings, load(500_000), setUp: belfry.setUp)]
}

private func pacedUDP(_ count: Int) -> Load {
    var load = paced(count)
    load.window = 2048
    return load
}

/// What waits for others by `port.gather`.
private func gathering(_ sender: String, _ load: (Int) -> Load) -> Contender {
    let belfry = Belfry(program: sender.hasPrefix("syslog") ? .lines : .frames, gather: 1, sender: sender)
    return Contender(gatheringName, settings: belfry.settings, load(0), setUp: belfry.setUp)
}

private let nativePeerNames = nativePeers { Load(count: $0) }.map(\.name).filter { $0 != "Belfry" }
private let syslogPeerNames = ["rsyslog, confirmed", "rsyslog, unconfirmed", "syslog-ng"]
private let gatheringName = "Belfry, gather 1ms"

private func floor(_ sender: String, _ load: (Int) -> Load) -> Contender {
    BareMachine.floor(load(0), sender: sender)
}

private func sections(_ work: String, flat: [Contender], slow: [Contender]) -> [Section] {
    [
        Section(title: "\(work), flat out", quantities: [.cpu, .rate, .loadMemory], rounds: 3, contenders: flat),
        Section(title: "\(work), at 5,000 a second", quantities: [.cpu, .loadMemory], rounds: 3, contenders: slow),
    ]
}

/// Every broker with its consumers connected, or its services started, and nothing to do.
private func resting(_ name: String, _ settings: String, _ setUp: @escaping SetUp) -> Contender {
    Contender(name, settings: settings) { stage, round in
        try Trial(stage, Load(count: 1)).rest(round: round, setUp)
    }
}

private let idle = Section(
    title: "Idle", quantities: [.idleMemory, .idleCPU, .idleCalls], rounds: 1,
    contenders: [
        resting("Belfry", Belfry().settings, Belfry().setUp),
        resting("Belfry, in-flight 64", Belfry(window: 64).settings, Belfry(window: 64).setUp),
        resting("nats-server", Nats.coreSettings, Nats.setUp("nats")),
        resting("redis-server", Redis.settings, Redis.setUp("redis-pubsub")),
        resting("mosquitto", Mosquitto.settings, Mosquitto.setUp(qos: 1)),
        resting("beanstalkd", Beanstalk.settings, Beanstalk.setUp),
        resting("rsyslogd", "as in row 6", Rsyslog(transport: "tcp", isConfirmed: true).setUp),
    ])

/// Against all peers; and against those who do the same work, where some do less.
private func goals(_ work: String, _ others: [String], same: String? = nil) -> [Goal] {
    let (flat, slow) = ("\(work), flat out", "\(work), at 5,000 a second")
    var goals = [
        Goal("\(work): lowest CPU flat out", section: flat, .cpu, .ratioAtMost(1)),
        Goal("\(work): at most half of the best peer's CPU at 5,000 a second", section: slow, .cpu, .ratioAtMost(0.5)),
        Goal(
            "the same with `port.gather: 1ms`", section: slow, .cpu, subject: gatheringName, others: others,
            .ratioAtMost(0.5)),
    ]
    if let same {
        goals += [
            Goal("the same beside \(same), flat out", section: flat, .cpu, others: [same], .ratioAtMost(1)),
            Goal("the same beside \(same), at 5,000 a second", section: slow, .cpu, others: [same], .ratioAtMost(0.5)),
        ]
    }
    return goals
}

let rowCost = Row(
    number: 9, title: "Cost",
    work:
        "CPU seconds of all broker processes per million messages, flat out and at 5,000 a second; memory as PSS of all"
        + " of them, without the pages of Belfry's ring; and what they do with nothing to do, services started and"
        + " subscribers connected. Row 1's work has no peer. Unconfirmed omprog and syslog-ng do less than is asked."
        + " Belfry's floor does nothing but its system calls, in C.",
    sections: sections(
        "UDP (row 1)", flat: datagrams(flatOut(4096)),
        slow: datagrams(pacedUDP) + [gathering("udp", pacedUDP), floor("udp", pacedUDP)])
        + sections(
            "TCP (row 3)", flat: nativePeers(flatOut()),
            slow: nativePeers(paced) + [gathering("belfry", paced), floor("belfry", paced)])
        + sections(
            "Syslog over TCP (row 6)", flat: syslogContenders("tcp", flatOut()),
            slow: syslogContenders("tcp", paced) + [gathering("syslog-tcp", paced), floor("syslog-tcp", paced)])
        + sections(
            "Syslog over UDP (row 6)", flat: syslogContenders("udp", flatOut(2048)),
            slow: syslogContenders("udp", pacedUDP) + [
                gathering("syslog-udp", pacedUDP), floor("syslog-udp", pacedUDP),
            ]) + [idle],
    goals: goals("TCP (row 3)", nativePeerNames)
        + goals("Syslog over TCP (row 6)", syslogPeerNames, same: "rsyslog, confirmed")
        + goals("Syslog over UDP (row 6)", syslogPeerNames, same: "rsyslog, confirmed") + [
            Goal("idle PSS under 12 MB", section: "Idle", .idleMemory, .atMost(12)),
            Goal("idle CPU 0: under 0.01 % of a core, for the watchdog", section: "Idle", .idleCPU, .atMost(100)),
        ])
