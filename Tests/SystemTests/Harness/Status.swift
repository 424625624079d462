// SPDX-License-Identifier: Apache-2.0
/// What `belfry status`, `ledger` and `dead list` print with `--json`, read by their documented keys and nothing else.
/// Used by Broker. A key that is missing fails the test that asked.
/// Invariant: `Ledger` is only ever made of a ledger whose two sides balance; one that does not balance is an error.

import Foundation
import LinuxIO

struct Status: Decodable {
    struct Role: Decodable {
        let pid: CInt?
        let age: UInt64
        let restarts: UInt64
    }
    struct Committer: Decodable { let trouble: String? }
    struct Keeper: Decodable { let trouble: String? }
    struct Worker: Decodable {
        let index: Int
        let pid: CInt?
        let restarts: UInt64
        let leases: Int
    }
    struct Service: Decodable {
        let name: String
        let mode: String
        let state: String
        let until: String?
        let reason: String?
        let instances: UInt64
        let waiting: UInt64
        let inFlight: UInt64
        let backingOff: UInt64
        let delivered: UInt64
        let retried: UInt64

        enum CodingKeys: String, CodingKey {
            case name, mode, state, until, reason, instances, waiting, delivered, retried
            case inFlight = "in-flight"
            case backingOff = "backing-off"
        }
    }

    struct Ring: Decodable {
        let records: UInt64
        let heldBy: String?

        enum CodingKeys: String, CodingKey {
            case records
            case heldBy = "held-by"
        }
    }

    let pid: CInt
    let generation: UInt64
    let uptime: UInt64
    let address: String
    let acceptor: Role
    let committer: Committer
    let keeper: Keeper
    let workers: [Worker]
    let services: [Service]
    let ring: Ring
    let warnings: [String]

    init(asking scratch: Scratch, at control: String) throws {
        self = try JSONDecoder().decode(Status.self, from: Answer.json(["status"], scratch, control))
    }

    var port: UInt16 { UInt16(address.split(separator: ":").last ?? "") ?? 0 }
    subscript(service name: String) -> Service? { services.first { $0.name == name } }
}

struct Ledger: Decodable, Equatable {
    struct Intake: Decodable, Equatable {
        let received: UInt64
        let published: UInt64
        let duplicate: UInt64
        let refused: [String: UInt64]
        let routed: UInt64
        let unrouted: UInt64
        let replayed: UInt64
        let kernelDropped: UInt64

        enum CodingKeys: String, CodingKey {
            case received, published, duplicate, refused, routed, unrouted, replayed
            case kernelDropped = "kernel-dropped"
        }
    }
    struct Service: Decodable, Equatable {
        let matched: UInt64
        let delivered: UInt64
        let dead: UInt64
        let dropped: [String: UInt64]
        let pending: UInt64
        let inFlight: UInt64
        let parked: UInt64

        enum CodingKeys: String, CodingKey {
            case matched, delivered, dead, dropped, pending, parked
            case inFlight = "in-flight"
        }
    }
    struct DoesNotBalance: Error { let ledger: Ledger }

    let intake: Intake
    let services: [String: Service]

    init(asking scratch: Scratch, at control: String) throws {
        try self.init(json: Answer.json(["ledger"], scratch, control))
    }

    init(json: Data) throws {
        self = try JSONDecoder().decode(Ledger.self, from: json)
        guard balances else { throw DoesNotBalance(ledger: self) }
    }

    private var balances: Bool {
        intake.received == intake.published + intake.duplicate + intake.refused.values.reduce(0, +)
            && intake.published == intake.routed + intake.unrouted
            && services.values.allSatisfy {
                $0.matched == $0.delivered + $0.dead + $0.dropped.values.reduce(0, +) + $0.pending
            }
    }
}

/// The dead letters in the store, as `belfry dead list --json` tells them.
struct DeadLetters: Decodable {
    struct Letter: Decodable {
        let message: String
        let replaying: Bool
    }

    let total: UInt64
    let letters: [Letter]

    /// At most 10,000 of them are listed, all are counted.
    init(asking scratch: Scratch, at control: String, of service: String) throws {
        let words = ["dead", "list", "--limit", "10000", "--service", service]
        self = try JSONDecoder().decode(DeadLetters.self, from: Answer.json(words, scratch, control))
    }
}

private enum Answer {
    struct Refused: Error { let result: Program.Result }

    static func json(_ words: [String], _ scratch: Scratch, _ control: String) throws -> Data {
        let result = try scratch.run(Executables.belfry, ["--control", control] + words + ["--json"])
        guard result.succeeded else { throw Refused(result: result) }
        return Data(result.output.utf8)
    }
}
