// SPDX-License-Identifier: Apache-2.0
/// What a soak's broker is to be, and what may happen to it. Used by Soak, which chooses at random, and by SoakTests.
/// Invariant: what is due happens once at least, however short a soak is.

import Testing

extension Soak {
    enum Disturbance: String {
        case acceptorKilled, workerKilled, committerKilled, keeperKilled, supervisorKilled
        case acceptorStopped, workerStopped, serviceKilled, serviceHung, programTakenAway
        case reload, pause, restart, replay, diskFull
    }

    struct Terms: Sendable, CustomTestStringConvertible {
        let durability: String
        let ring: String
        /// Notifications a second of each sender.
        let rate: Int
        /// Whether what is accepted outlives the supervisor.
        var isDurable: Bool { durability == "disk" }
        var testDescription: String { durability }

        /// A ring that `frail` fills within seconds when it is away: what waits for it is parked.
        static let memory = Terms(durability: "memory", ring: "4MiB", rate: 2000)
        static let disk = Terms(durability: "disk", ring: "4MiB", rate: 1000)
        /// Slower, as a debug build is.
        static let small = Terms(durability: "memory", ring: "1MiB", rate: 200)
        static let smallDisk = Terms(durability: "disk", ring: "1MiB", rate: 200)
    }

    /// What happens at random, some of it more often.
    var usual: [Disturbance] {
        Self.always + (terms.isDurable ? Array(repeating: .supervisorKilled, count: 4) : [])
    }

    private static let always: [Disturbance] =
        Array(repeating: .acceptorKilled, count: 5) + Array(repeating: .workerKilled, count: 5)
        + Array(repeating: .serviceKilled, count: 4) + Array(repeating: .reload, count: 3)
        + Array(repeating: .committerKilled, count: 2) + Array(repeating: .keeperKilled, count: 2)
        + [.serviceHung, .programTakenAway, .pause, .replay]

    /// What takes long: seldom.
    var slow: [Disturbance] { [.workerStopped, .acceptorStopped, .restart] + (disk == nil ? [] : [.diskFull]) }

    var due: [Disturbance] { slow + [.keeperKilled, .replay] + (terms.isDurable ? [.supervisorKilled] : []) }
}
