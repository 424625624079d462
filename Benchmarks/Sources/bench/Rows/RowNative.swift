// SPDX-License-Identifier: Apache-2.0
/// Row 3: one pipelining sender over TCP; accepted-ack to the sender and ack from the service for every message.
///
/// Invariant: the run ends with the last ack or the last receipt, whichever is later.

import Report

private let swiftClient = Belfry(usesSwiftClient: true)

/// Those who ack both ways.
private let acked = ["redis streams", "mosquitto QoS 1", "JetStream memory", "beanstalkd"]

/// Used by row 9, too, at a fixed pace.
func nativePeers(_ load: (Int) -> Load) -> [Contender] {
    [
        Contender("Belfry", settings: Belfry().settings, load(5_000_000), setUp: Belfry().setUp),
        Contender(Nats.library, settings: Nats.coreSettings, load(2_000_000), setUp: Nats.setUp("nats-library")),
        Contender(Nats.bare, settings: Nats.coreSettings, load(5_000_000), setUp: Nats.setUp("nats")),
        Contender("redis streams", settings: Redis.settings, load(150_000), setUp: Redis.setUp("redis-stream")),
        Contender("mosquitto QoS 1", settings: Mosquitto.settings, load(80_000), setUp: Mosquitto.setUp(qos: 1)),
        Contender("JetStream memory", settings: Nats.streamSettings, load(100_000), setUp: Nats.setUp("jetstream")),
        Contender("beanstalkd", settings: Beanstalk.settings, load(50_000), setUp: Beanstalk.setUp),
    ]
}

let rowNative = Row(
    number: 3, title: "TCP, acked both ways",
    work:
        "128-byte messages from one pipelining sender. Belfry acks each to the sender when it is accepted, and each is"
        + " acked by the service; so do the peers, except nats core, which has no acks at all. Belfry's sender is the C"
        + " program, as the peers' are; its Swift client stands beside it.",
    sections: [
        Section(
            title: "Native TCP", quantities: [.rate, .cpu],
            contenders: nativePeers { Load(count: $0) } + [
                Contender(
                    "Belfry, Swift client", settings: "the same with Belfry's Swift client", Load(count: 3_000_000),
                    setUp: swiftClient.setUp)
            ])
    ],
    goals: [
        Goal("at least 1.5 × nats core", .rate, others: [Nats.library], .ratioAtLeast(1.5)),
        Goal("the same beside its bare protocol", .rate, others: [Nats.bare], .ratioAtLeast(1.5)),
        Goal("at least 15 × the best that acks", .rate, others: acked, .ratioAtLeast(15)),
    ])
