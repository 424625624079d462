// SPDX-License-Identifier: Apache-2.0
/// What `belfry services --json` prints, read by its documented keys and nothing else.
/// Used by ServicesTests. A key that is missing fails the test that asked.
/// Invariant: it is the broker's own answer; nothing is made up for what is not there.

import Foundation

struct Services: Decodable {
    struct Times: Decodable {
        let count: UInt64
        let p50: UInt64?
        let p99: UInt64?
    }
    struct Failure: Decodable {
        let time: String
        let count: UInt64
        let words: String
    }
    struct Service: Decodable {
        let name: String
        let state: String
        let paused: Bool
        let retiring: Bool
        let reason: String?
        let workers: [Int]
        let waiting: UInt64
        let inFlight: UInt64
        let backingOff: UInt64
        let delivered: UInt64
        let launches: UInt64
        let launchFailures: UInt64
        let oldest: String?
        let launchTime: Times
        let runTime: Times
        let failures: [Failure]

        enum CodingKeys: String, CodingKey {
            case name, state, paused, retiring, reason, workers, waiting, delivered, launches, oldest, failures
            case inFlight = "in-flight"
            case backingOff = "backing-off"
            case launchFailures = "launch-failures"
            case launchTime = "launch-time"
            case runTime = "run-time"
        }
    }

    let services: [Service]

    init(asking broker: Broker) throws {
        let result = try broker.belfry(["services", "--json"])
        guard result.succeeded else { throw Refused(result: result) }
        self = try JSONDecoder().decode(Services.self, from: Data(result.output.utf8))
    }

    struct Refused: Error { let result: Program.Result }

    subscript(name: String) -> Service? { services.first { $0.name == name } }
}

extension Broker {
    /// A service's details once they are as wanted.
    func details(
        _ name: String, _ what: String, until deadline: Deadline = .after(), _ holds: (Services.Service) -> Bool
    ) throws -> Services.Service {
        try scratch.poll(what, until: deadline) {
            try Services(asking: self)[name].flatMap { holds($0) ? $0 : nil }
        }
    }
}
