// SPDX-License-Identifier: Apache-2.0
/// Row 11: each message on the disk before its sender is acked.
///
/// Invariant: all write to folders on the same disk, and sync before they answer.

import Report

private let belfry = Belfry(isDurable: true)
private let memoryName = "Belfry, without a disk"
private let acksName = "C loop that syncs and acks"

/// Those that sync each write.
private let peers = ["redis streams", "beanstalkd"]

private let loops = BareMachine.syncBatches.map(BareMachine.syncLoopName)

private func load(_ count: Int) -> Load { Load(count: count, connections: 64) }

/// So many messages for each batch that the loop runs for about a second.
private func loop(_ batch: Int) -> Contender {
    BareMachine.syncLoop(batch: batch, Load(count: min(max(250 * batch, 250), 8_000_000)))
}

let rowDisk = Row(
    number: 11, title: "To the disk",
    work:
        "128-byte messages from 64 pipelining connections; each is acked to the sender when it has been synced to the disk,"
        + " delivered to a service, and acked by that. The C loop has neither senders nor a service: it writes and syncs,"
        + " one message or many at a time; the one that acks has the senders, and no service. Without a disk Belfry does all the"
        + " rest of it, so that what is left of the C loop's rate there is the most that it can reach. JetStream is not"
        + " here: its file store can be told to sync each message only from 2.10 on, which Debian does not have.",
    sections: [
        Section(
            title: "Synced before the ack", quantities: [.rate, .cpu],
            contenders: [
                Contender("Belfry", settings: belfry.settings, load(32_000_000), setUp: belfry.setUp),
                Contender(
                    memoryName, settings: Belfry().settings, load(8_000_000), setUp: Belfry().setUp),
                Contender(
                    "redis streams", settings: Redis.diskSettings, load(40_000),
                    setUp: Redis.setUp("redis-stream", isDurable: true)),
                Contender(
                    "beanstalkd", settings: Beanstalk.diskSettings, load(4_000), setUp: Beanstalk.setUpOnDisk),
                Contender(
                    acksName, settings: BareMachine.acksSettings + "; synced before the acks",
                    load(8_000_000), setUp: BareMachine.acks(isDurable: true)),
            ] + BareMachine.syncBatches.map(loop))
    ],
    goals: [
        Goal("at least 5 × the best peer", .rate, others: peers, .ratioAtLeast(5)),
        Goal("at least 0.5 of the C loop at its best batch", .rate, others: loops, .ratioAtLeast(0.5)),
        Goal("what is left of it without a disk", .rate, subject: memoryName, others: loops, .ratioAtLeast(0.5)),
        Goal("what is left of it for a C loop that acks", .rate, subject: acksName, others: loops, .ratioAtLeast(0.5)),
    ])
