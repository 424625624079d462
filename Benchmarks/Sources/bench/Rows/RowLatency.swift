// SPDX-License-Identifier: Apache-2.0
/// Row 7: latency at 5,000 messages a second.
///
/// Invariant: all senders follow the same schedule, and latency counts from the schedule.

import Report

private let nats = [Nats.library, Nats.bare]
private let paced = Load(count: 15_000, rate: 5000, wantsLatencies: true)

let rowLatency = Row(
    number: 7, title: "Latency at 5,000 a second",
    work: "128-byte messages, one every 200 µs, from the intended time of sending to the receipt by the consumer or"
        + " service. Belfry's way has one hop more: acceptor, ring, worker, service. Its floor makes the same hops in C;"
        + " without a broker the sender's datagrams go straight to the consumer.",
    sections: [
        Section(
            title: "Latency", quantities: [.p50] + Quantity.curve.map(\.0).filter { $0 != .p50 }, chart: .curve,
            contenders: [
                Contender("Belfry", settings: Belfry().settings, paced, setUp: Belfry().setUp),
                Contender(
                    "Belfry, gather 1ms", settings: Belfry(gather: 1).settings, paced, setUp: Belfry(gather: 1).setUp),
                Contender(Nats.library, settings: Nats.coreSettings, paced, setUp: Nats.setUp("nats-library")),
                Contender(Nats.bare, settings: Nats.coreSettings, paced, setUp: Nats.setUp("nats")),
                Contender("mosquitto QoS 1", settings: Mosquitto.settings, paced, setUp: Mosquitto.setUp(qos: 1)),
                Contender("redis pub/sub", settings: Redis.settings, paced, setUp: Redis.setUp("redis-pubsub")),
                BareMachine.floor(paced),
                Contender(
                    "no broker, UDP", settings: BareMachine.settings, paced,
                    setUp: BareMachine.datagrams(sender: "udp", receiver: "recvmmsg")),
            ])
    ],
    goals: [
        Goal("p50 at most nats core's, by whichever client is the faster", .p50, others: nats, .ratioAtMost(1)),
        Goal("p99 at most half of nats core's, by whichever is the faster", .p99, others: nats, .ratioAtMost(0.5)),
    ])
