// SPDX-License-Identifier: Apache-2.0
/// mosquitto, QoS 0 or 1.
///
/// Used by rows 3, 4, 7 and 9.
/// Invariant: none of its queues is limited, so that it drops nothing for want of room.

enum Mosquitto {
    static let settings =
        "`set_tcp_nodelay true`, `max_inflight_messages 0`, `max_queued_messages 0` (no limits), no persistence, no log"

    static func setUp(qos: Int) -> SetUp {
        { stage, load, boards in
            let port = try stage.port()
            let address = "127.0.0.1:\(port)"
            let file = try stage.file(
                "mosquitto.conf",
                """
                listener \(port) 127.0.0.1
                allow_anonymous true
                user root
                persistence false
                set_tcp_nodelay true
                max_inflight_messages 0
                max_queued_messages 0
                max_queued_bytes 0
                max_connections -1
                sys_interval 0
                log_dest none

                """)
            let (publish, consume) = (try stage.tools.publish, try stage.tools.consume)
            let options = ["--topic", "bench"] + load.options(boards)
            var setup = Setup(publisher: [publish, "mqtt\(qos)", "--to", address] + options)
            setup.servers = [
                Server(
                    name: "mosquitto", arguments: [try stage.tools.peer("mosquitto"), "-c", file], sign: .port(port))
            ]
            setup.consumers = boards.map { board in
                [consume, "mqtt", "--from", address, "--topic", "bench", "--board", board.path]
            }
            setup.hasSenderAcks = qos > 0
            return setup
        }
    }
}
