// SPDX-License-Identifier: Apache-2.0
/// Row 6: syslog over UDP and TCP to a resident program that confirms each message.
///
/// Invariant: all programs are resident and get each message on a line, but for the contender with `frames`.

import Report

private func belfry(_ transport: String, _ program: Belfry.Program) -> Belfry {
    Belfry(program: program, sender: "syslog-\(transport)")
}

private func contender(_ name: String, _ belfry: Belfry, _ load: Load) -> Contender {
    Contender(name, settings: belfry.settings, load, setUp: belfry.setUp)
}

private func rsyslog(_ transport: String, confirmed: Bool, _ load: Load) -> Contender {
    let rsyslog = Rsyslog(transport: transport, isConfirmed: confirmed)
    let name = "rsyslog, \(confirmed ? "confirmed" : "unconfirmed")"
    return Contender(name, settings: rsyslog.settings, load, setUp: rsyslog.setUp)
}

/// `load` makes of a count what is to be done. Used by row 9, too.
func syslogContenders(_ transport: String, _ load: (Int) -> Load) -> [Contender] {
    let syslogNG = SyslogNG(transport: transport)
    return [
        contender("Belfry", belfry(transport, .lines), load(transport == "udp" ? 400_000 : 700_000)),
        contender("Belfry, frames", belfry(transport, .frames), load(transport == "udp" ? 400_000 : 1_000_000)),
        rsyslog(transport, confirmed: true, load(100_000)),
        rsyslog(transport, confirmed: false, load(transport == "udp" ? 250_000 : 400_000)),
        Contender("syslog-ng", settings: SyslogNG.settings, load(150_000), setUp: syslogNG.setUp),
    ]
}

let rowSyslog = Row(
    number: 6, title: "Syslog to a resident program",
    work: "RFC 5424 messages of 128 bytes, over UDP (one `sendto` each) and over TCP (octet counting), to a"
        + " resident program, a line for each. Belfry's service and rsyslog's confirmed omprog confirm every message;"
        + " `frames` is Belfry's own framing. Senders over UDP keep at most 2,048 messages before the consumer."
        + " They take a processor for themselves, and that is the ceiling of Belfry and of its floor, which makes the same"
        + " system calls and wakes in C, and does nothing else: it hands the messages on as they are.",
    sections: [
        Section(title: "TCP", quantities: [.rate, .cpu], contenders: syslogContenders("tcp") { Load(count: $0) }),
        Section(
            title: "UDP", quantities: [.rate, .cpu],
            contenders: syslogContenders("udp") { Load(count: $0, window: 2048) } + [
                BareMachine.floor(Load(count: 400_000, window: 2048), sender: "syslog-udp")
            ]),
    ],
    goals: [
        Goal(
            "TCP: at least 5 × rsyslog confirmed", section: "TCP", .rate, others: ["rsyslog, confirmed"],
            .ratioAtLeast(5)),
        Goal(
            "UDP: at least 2 × rsyslog confirmed", section: "UDP", .rate, others: ["rsyslog, confirmed"],
            .ratioAtLeast(2)),
        Goal(
            "TCP: at least 1.5 × unconfirmed", section: "TCP", .rate, others: ["rsyslog, unconfirmed", "syslog-ng"],
            .ratioAtLeast(1.5)),
        Goal(
            "UDP: at least 1.5 × unconfirmed", section: "UDP", .rate, others: ["rsyslog, unconfirmed", "syslog-ng"],
            .ratioAtLeast(1.5)),
        Goal(
            "UDP: the floor in C beside unconfirmed", section: "UDP", .rate, subject: BareMachine.floorName,
            others: ["rsyslog, unconfirmed", "syslog-ng"], .ratioAtLeast(1.5)),
    ])
