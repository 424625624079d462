// SPDX-License-Identifier: Apache-2.0
/// Row 4: each message to four services, from 64 senders.
///
/// Invariant: each consumer has a scoreboard of its own, on which every message must appear once.

import Report

private func load(_ count: Int, window: Int = 0) -> Load {
    Load(count: count, connections: 64, consumers: 4, window: window)
}

let rowFanOut = Row(
    number: 4, title: "Fan-out to four",
    work: "128-byte messages over 64 connections, each message to four services. The peers have four subscribers and no"
        + " acks; Belfry acks as in row 3.",
    sections: [
        Section(
            title: "Fan-out", quantities: [.deliveries, .cpu],
            contenders: [
                Contender("Belfry", settings: Belfry().settings, load(2_000_000), setUp: Belfry().setUp),
                Contender(Nats.library, settings: Nats.coreSettings, load(600_000), setUp: Nats.setUp("nats-library")),
                Contender(Nats.bare, settings: Nats.coreSettings, load(2_000_000), setUp: Nats.setUp("nats")),
                Contender(
                    "mosquitto QoS 0", settings: Mosquitto.settings, load(100_000), setUp: Mosquitto.setUp(qos: 0)),
                Contender("redis pub/sub", settings: Redis.settings, load(200_000), setUp: Redis.setUp("redis-pubsub")),
            ])
    ],
    goals: [
        Goal(
            "at least 2 × the best peer, in deliveries a second", .deliveries,
            others: [Nats.library, "mosquitto QoS 0", "redis pub/sub"], .ratioAtLeast(2)),
        Goal("the same beside nats core's bare protocol", .deliveries, others: [Nats.bare], .ratioAtLeast(2)),
    ])
