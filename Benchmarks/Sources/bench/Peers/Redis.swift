// SPDX-License-Identifier: Apache-2.0
/// redis-server: streams with a consumer group (XADD, XREADGROUP, XACK), and pub/sub.
///
/// Used by rows 3, 4, 7, 9 and 11.
/// Invariant: nothing is written to disk but where that is what is measured, and no subscriber is cut off for its queue.

enum Redis {
    static let settings = "`save \"\"`, `appendonly no`, `client-output-buffer-limit pubsub 0 0 0`"

    static let diskSettings = "`save \"\"`, `appendonly yes`, `appendfsync always`"

    /// - Parameter isDurable: each write is synced before it is answered.
    static func setUp(_ kind: String, isDurable: Bool = false) -> SetUp {
        { stage, load, boards in
            let port = try stage.port()
            let address = "127.0.0.1:\(port)"
            let (publish, consume) = (try stage.tools.publish, try stage.tools.consume)
            let options = ["--topic", "bench"] + load.options(boards)
            var setup = Setup(publisher: [publish, kind, "--to", address] + options)
            let arguments = [
                try stage.tools.peer("redis-server"), "--bind", "127.0.0.1", "--port", "\(port)", "--save", "",
                "--appendonly", isDurable ? "yes" : "no", "--appendfsync", "always", "--dir",
                try isDurable ? stage.folderOnDisk().path : stage.folder.path, "--client-output-buffer-limit",
                "pubsub 0 0 0",
            ]
            setup.servers = [Server(name: "redis-server", arguments: arguments, sign: .port(port))]
            setup.consumers = boards.map { board in
                [consume, kind, "--from", address, "--topic", "bench", "--board", board.path]
            }
            setup.hasSenderAcks = kind == "redis-stream"
            return setup
        }
    }
}
