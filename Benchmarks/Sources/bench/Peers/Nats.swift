// SPDX-License-Identifier: Apache-2.0
/// nats-server: core (publish and subscribe, no acks) and JetStream in memory (acks both ways).
///
/// Used by rows 2, 3, 4, 7 and 9.
/// Invariant: limits that would cut a slow subscriber off are out of the way, so that core loses nothing here either.

enum Nats {
    /// Through its own C library, as its users do, and with the bare protocol in 64 KiB writes, as the other peers here.
    static let library = "nats core"
    static let bare = "nats core, bare protocol"
    static let coreSettings =
        "defaults, but `max_pending: 1GB` and `write_deadline: 60s`, so that no subscriber is cut off"
    static let streamSettings =
        "memory store; publishing with acks, 1,024 under way; consumers ack everything up to the last message of a read"

    /// - Parameter kind: of `publish` and `consume`, or `nats-library`.
    static func setUp(_ kind: String) -> SetUp {
        { stage, load, boards in
            let port = try stage.port()
            let address = "127.0.0.1:\(port)"
            let jetstream =
                kind == "jetstream" ? "jetstream: { store_dir: \"\(stage.path("js"))\", max_memory_store: 2GB }" : ""
            let file = try stage.file(
                "nats.conf",
                """
                listen: "\(address)"
                max_pending: 1GB
                write_deadline: "60s"
                \(jetstream)

                """)
            let isLibrary = kind == "nats-library"
            let publish = try isLibrary ? [stage.tools.natsLibrary, "publish"] : [stage.tools.publish, kind]
            let consume = try isLibrary ? [stage.tools.natsLibrary, "consume"] : [stage.tools.consume, kind]
            let own = kind == "jetstream" ? ["--ack-all"] : []
            var setup = Setup(
                publisher: publish + ["--to", address, "--topic", "bench"] + load.options(boards) + own
                    + (own.isEmpty ? [] : ["--window", "1024"]))
            setup.servers = [
                Server(
                    name: "nats-server", arguments: [try stage.tools.peer("nats-server"), "-c", file], sign: .port(port)
                )
            ]
            setup.consumers = boards.map {
                consume + own + ["--from", address, "--topic", "bench", "--board", $0.path]
            }
            setup.hasSenderAcks = kind == "jetstream"
            return setup
        }
    }
}
