// SPDX-License-Identifier: Apache-2.0
/// Row 5: a process of a static C program for each message, and row 8: how long the first message for a stopped service
/// takes to reach it.
///
/// Invariant: every contender starts the same program, which reads its message to the end and marks it.

import Report

private let exec = Belfry(program: .exec(concurrency: 2), workers: 2)

private let four = Belfry(program: .exec(concurrency: 4))

private func peer(_ starter: Starter, _ load: Load) -> Contender {
    Contender(starter.rawValue, settings: starter.settings, load, setUp: starter.setUp)
}

private func clients(_ count: Int) -> Load { Load(count: count, connections: 4) }

let rowExec = Row(
    number: 5, title: "A process for each message",
    work:
        "A static C program is started for each 128-byte message and reads it from stdin. Belfry runs two at a time from"
        + " two workers, the C loop two from one thread; the peers have four clients, each waiting for its answer or the"
        + " end of its connection.",
    sections: [
        Section(
            title: "Processes", quantities: [.rate],
            contenders: [
                Contender("Belfry", settings: exec.settings, Load(count: 6000), setUp: exec.setUp),
                Contender("Belfry, 4 at a time", settings: four.settings, Load(count: 6000), setUp: four.setUp),
                BareMachine.spawnLoop(Load(count: 8000)),
                peer(.webhook, clients(2500)), peer(.tcpserver, clients(3000)), peer(.xinetd, clients(3000)),
            ])
    ],
    goals: [
        Goal("at least 0.85 of the C loop", .rate, others: [BareMachine.spawnLoopName], .ratioAtLeast(0.85)),
        Goal(
            "at least 1.5 × the best peer", .rate,
            others: [Starter.webhook, .tcpserver, .xinetd].map(\.rawValue), .ratioAtLeast(1.5)),
    ])

/// 100 a second: each of them finds the one before ended.
private let starts = Load(count: 200, rate: 100, wantsLatencies: true)

let rowColdStart = Row(
    number: 8, title: "Cold start",
    work:
        "From sending the first message for a stopped service to its receipt by a static C program, 200 times at 100 a"
        + " second. systemd-socket-activate starts the same program for each connection; Belfry for each message.",
    sections: [
        Section(
            title: "Cold start", quantities: [.p50, .p10, .p25, .p75, .p90, .p95, .p99],
            chart: .curve,
            contenders: [
                Contender("Belfry", settings: exec.settings, starts, setUp: exec.setUp),
                peer(.socketActivate, starts),
            ])
    ],
    goals: [Goal("at most 1.0 × systemd-socket-activate, in the median", .p50, .ratioAtMost(1))])
