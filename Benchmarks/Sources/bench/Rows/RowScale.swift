// SPDX-License-Identifier: Apache-2.0
/// Row 10: Belfry against itself, with more workers, services, connections, larger messages, other rings.
///
/// Invariant: within a section one thing changes, and all else stays as in rows 3 and 4.

import Report

private func line(
    _ title: String, _ axis: String, counts rate: Quantity = .rate, rounds: Int = 3, _ contenders: [Contender]
) -> Section {
    Section(
        title: title, quantities: [rate, .cpu], chart: .line, axis: axis, subject: nil, rounds: rounds,
        contenders: contenders)
}

private func point(_ name: String, _ place: Int, _ load: Load, _ belfry: Belfry = Belfry()) -> Contender {
    Contender(name, settings: belfry.settings, place: Double(place), load, setUp: belfry.setUp)
}

/// Without a broker: what it costs to read and to ack so many connections, whoever does it.
private func bare(_ place: Int, _ load: Load) -> Contender {
    Contender(
        Quantity.grouped(place), settings: BareMachine.acksSettings, place: Double(place), load,
        setUp: BareMachine.acks())
}

private func manyWrites(_ connections: Int) -> Load { Load(count: 3_000_000, connections: connections, batch: 32) }

private func fanOut(_ services: Int, deliveries: Int) -> Load {
    Load(count: deliveries / services, connections: 64, consumers: services)
}

private let workers = [1, 2, 4, 8]
private let services = [1, 2, 4, 8, 16, 32, 64]
private let connections = [1, 10, 100, 1000, 10_000]
/// More than fit into the 64 KiB of a write.
private let longBatch = 500
private let sizes = [
    (16, "16 B"), (64, "64 B"), (256, "256 B"), (1024, "1 KiB"), (4096, "4 KiB"), (16_384, "16 KiB"),
    (65_536, "64 KiB"),
]
private let windows = [64, 256, 1024, 4096, 16_384]
private let rings = [1, 4, 16, 64, 256, 1024]

let rowScale = Row(
    number: 10, title: "Scale",
    work: "Row 3's work (one service) and row 4's (four services, 64 connections) with one thing changed at a time."
        + " CPU is that of all Belfry processes. Beside the rows over connections stands what a C loop pays for the same reads"
        + " and acks, with nothing behind them. The same work stands in five sections: one worker, one service, one"
        + " connection, 4,096 in flight, a ring of 64 MiB; as far as those are apart a figure here may be off. A ring of"
        + " 1 MiB holds 4,096 records, no more than are in flight, so that the sender waits for the service.",
    sections: [
        line(
            "Workers, one service", "workers",
            workers.map { point("\($0)", $0, Load(count: 800_000), Belfry(workers: $0)) }),
        line(
            "Workers, four services", "workers", counts: .deliveries,
            workers.map { point("\($0)", $0, fanOut(4, deliveries: 2_000_000), Belfry(workers: $0)) }),
        line(
            "Services, each gets every message", "services", counts: .deliveries,
            // 64 services share the in-flight tables: a window of 512 is the largest that fits them all.
            services.map { point("\($0)", $0, fanOut($0, deliveries: 2_000_000), Belfry(window: 512)) }),
        // As long a write for one connection as for ten thousand, so that their number is all that changes.
        line(
            "Connections", "connections", rounds: 9,
            connections.map {
                point(Quantity.grouped($0), $0, Load(count: 8_000_000, connections: $0, batch: longBatch))
            }),
        line(
            "Connections: a C loop that reads and acks", "connections", rounds: 5,
            connections.map { bare($0, Load(count: 8_000_000, connections: $0, batch: longBatch)) }),
        line(
            "Connections, 32 messages a write", "connections",
            connections.map { point(Quantity.grouped($0), $0, manyWrites($0)) }),
        line(
            "Connections, 32 messages a write: a C loop that reads and acks", "connections",
            connections.map { bare($0, manyWrites($0)) }),
        line(
            "Size of a message", "body", rounds: 9,
            sizes.map { point($0.1, $0.0, Load(count: min(4_000_000, 3_000_000_000 / $0.0), size: $0.0)) }),
        line(
            "In flight", "in-flight",
            windows.map { point(Quantity.grouped($0), $0, Load(count: 1_000_000), Belfry(window: $0)) }),
        line(
            "Ring", "size of the ring", rounds: 9,
            // Many times what most of them hold, so that not the first lap is measured.
            rings.map {
                point($0 == 1024 ? "1 GiB" : "\($0) MiB", $0, Load(count: 4_000_000), Belfry(ring: "\($0)MiB"))
            }),
    ],
    goals: [
        Goal("cost per message flat within 20 % over connections", section: "Connections", .cpu, .flat(0.2)),
        Goal(
            "the same with 32 messages a write", section: "Connections, 32 messages a write", .cpu, .flat(0.2)),
        Goal("cost per message flat within 20 % over ring sizes", section: "Ring", .cpu, .flat(0.2)),
        Goal(
            "no cliff over workers, one service: no step over × 1.5", section: "Workers, one service", .cpu,
            .noCliff(1.5)),
        Goal(
            "no cliff over workers, four services: no step over × 1.5", section: "Workers, four services", .cpu,
            .noCliff(1.5)),
        Goal(
            "no cliff over services: no step over × 1.5", section: "Services, each gets every message", .cpu,
            .noCliff(1.5)),
        Goal(
            "no cliff over sizes: never more than in proportion, × 4", section: "Size of a message", .cpu, .noCliff(4)),
    ])
