// SPDX-License-Identifier: Apache-2.0
/// Rows 1 and 2: datagrams to a stream service, one for each system call of the sender, and as trains.
///
/// Invariant: sender and window are the same for Belfry and for the C loop, and nothing may be lost.

import Report

private let single = Load(count: 600_000, window: 4096)

let rowDatagrams = Row(
    number: 1, title: "UDP, one datagram a system call",
    work:
        "128-byte datagrams, one `sendto` each, to a stream service: through acceptor, ring and worker. The bare loop is"
        + " `recvmmsg` and a count. Both senders keep at most 4,096 messages between themselves and the consumer.",
    sections: [
        Section(
            title: "Datagrams", quantities: [.rate, .cpu],
            contenders: [
                Contender(
                    "Belfry", settings: Belfry(sender: "udp").settings, single, setUp: Belfry(sender: "udp").setUp),
                Contender(
                    "C loop of recvmmsg", settings: BareMachine.settings, single,
                    setUp: BareMachine.datagrams(sender: "udp", receiver: "recvmmsg")),
            ])
    ],
    goals: [Goal("at least 0.8 of the C loop's rate", .rate, .ratioAtLeast(0.8))])

private let trains = Load(count: 5_000_000, window: 16_384)
private let trainClient = Belfry(sender: "udp-gso", usesSwiftClient: true)
private let trainProgram = Belfry(sender: "udp-gso")

let rowTrains = Row(
    number: 2, title: "UDP in trains",
    work: "128-byte messages from Belfry's Swift client, which sends trains of datagrams (UDP_SEGMENT), received with"
        + " UDP_GRO, to a stream service. nats core publishes over TCP to a subscriber; the C loop sends and receives with"
        + " the same offload. Belfry's floor makes the same system calls and wakes in C, and does nothing else.",
    sections: [
        Section(
            title: "Trains", quantities: [.rate, .cpu],
            contenders: [
                Contender(
                    "Belfry", settings: "Swift client; " + trainClient.settings, trains, setUp: trainClient.setUp),
                Contender("Belfry, C sender", settings: trainProgram.settings, trains, setUp: trainProgram.setUp),
                BareMachine.floor(trains, sender: "udp-gso"),
                Contender(
                    Nats.library, settings: Nats.coreSettings, Load(count: 2_000_000),
                    setUp: Nats.setUp("nats-library")),
                Contender(
                    Nats.bare, settings: Nats.coreSettings, Load(count: 5_000_000), setUp: Nats.setUp("nats")),
                Contender(
                    "C loop with the same offload", settings: BareMachine.settings,
                    Load(count: 10_000_000, window: 16_384),
                    setUp: BareMachine.datagrams(sender: "udp-gso", receiver: "recvmmsg-gro")),
            ])
    ],
    goals: [
        Goal("at least 3 × nats core", .rate, others: [Nats.library], .ratioAtLeast(3)),
        Goal("the same beside its bare protocol", .rate, others: [Nats.bare], .ratioAtLeast(3)),
        Goal(
            "the floor in C beside nats core", .rate, subject: BareMachine.floorName, others: [Nats.library],
            .ratioAtLeast(3)),
        Goal("at least 0.2 of the C loop", .rate, others: ["C loop with the same offload"], .ratioAtLeast(0.2)),
    ])
