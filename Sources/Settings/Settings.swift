// SPDX-License-Identifier: Apache-2.0
/// What an operator asked for, with every default filled in: the whole of belfry.yaml but the services.
///
/// Made by SettingsFile out of YAML, or by SettingsImage out of the binary form that the supervisor hands to its
/// roles. Used by all of them; nobody changes it once it is made.
/// Invariant: what `SettingsFile` and `SettingsImage` give out lies within `SettingsLimits`.

package struct Settings: Equatable, Sendable {
    /// Which of the supervisor's images this is: 0 as read from the file, then growing with each reload.
    package var version: UInt64 = 0
    package var port = Port()
    package var workers = Workers()
    package var ring = Ring()
    package var state = State()
    package var control = Control()
    package var shutdown = Shutdown()
    package var update = Update()
    package var services: [Service] = []

    package init() {}

    /// The one port, UDP and TCP.
    package struct Port: Equatable, Sendable {
        package var address = "127.0.0.1"
        /// 0 lets the kernel choose; tests do.
        package var number: UInt16 = 2355
        package var udp = true
        package var tcp = true
        /// Bytes of one notification's body.
        package var maxMessage = 1 << 20
        package var maxConnections = 10_000
        /// How long a begun frame, or a connection that never spoke, may take.
        package var frameTimeout = Duration.seconds(30)
        /// How long a connection that has spoken may rest; nil for ever.
        package var idleTimeout: Duration?
        /// Bytes asked of the kernel for the UDP socket's queue.
        package var receiveBuffer = 8 << 20
        /// How long the next look at the port is put off behind one that brought few messages; zero: not at all.
        package var gather = Duration.zero

        package init() {}
    }

    package struct Workers: Equatable, Sendable {
        package var count = 2
        /// A worker that makes no progress for so long is killed and replaced.
        package var stuckAfter = Duration.seconds(10)

        package init() {}
    }

    package struct Ring: Equatable, Sendable {
        /// Bytes of the arena.
        package var size = 64 << 20
        package var durability = Durability.memory

        package init() {}
    }

    package struct State: Equatable, Sendable {
        package var directory = "/var/lib/belfry"

        package init() {}
    }

    package struct Control: Equatable, Sendable {
        package var socket = "/run/belfry/control.sock"
        /// nil: nobody is heard there.
        package var telnet: Telnet?
        /// Where the token lies without which a telnet connection may do nothing; nil: it may read the state.
        package var tokenFile: String?
        /// Who may do what beside root and the user that belfryd runs as; nil: the usual ones.
        package var read: Permission?
        package var bodies: Permission?
        package var change: Permission?

        package init() {}

        package struct Telnet: Equatable, Sendable {
            package var address: String
            /// 0 lets the kernel choose; tests do.
            package var port: UInt16

            package init(address: String, port: UInt16) {
                self.address = address
                self.port = port
            }
        }

        /// By numbers, as the kernel tells who asks.
        package struct Permission: Equatable, Sendable {
            package var users: [UInt32] = []
            package var groups: [UInt32] = []

            package init(users: [UInt32] = [], groups: [UInt32] = []) {
                self.users = users
                self.groups = groups
            }
        }
    }

    package struct Shutdown: Equatable, Sendable {
        package var grace = Duration.seconds(10)

        package init() {}
    }

    /// How one generation of belfryd gives way to the next.
    package struct Update: Equatable, Sendable {
        /// How long a new executable is watched before it is committed.
        package var probation = Duration.seconds(5)
        /// How long the former generation's workers may take over what is in flight; nil for as long as it takes.
        package var drainTimeout: Duration? = .seconds(30)

        package init() {}
    }

    /// When a notification counts as accepted. The raw value is part of the image.
    package enum Durability: UInt8, CaseIterable, Sendable {
        case memory = 0
        case disk = 1
    }
}
