// SPDX-License-Identifier: Apache-2.0
/// rsyslogd with omprog: each message on a line to a resident program, confirmed by it or not.
///
/// Used by rows 6 and 9.
/// Invariant: a full queue makes senders over TCP wait and drops nothing; there is one worker, so that order is kept.

import Glibc

struct Rsyslog: Sendable {
    let transport: String
    let isConfirmed: Bool

    var settings: String {
        let input = transport == "udp" ? "imudp, `batchSize 128`, `rcvbufSize 8m`" : "imptcp, 1 thread"
        return
            "\(input); main queue FixedArray of 200,000, `dequeueBatchSize 1024`, one worker, no discarding; omprog in a"
            + " direct queue, `confirmMessages \(isConfirmed ? "on" : "off")`"
    }

    func setUp(_ stage: Stage, _ load: Load, _ boards: [Board]) throws -> Setup {
        let port = try stage.port()
        let publish = try stage.tools.publish
        let address = ["--to", "127.0.0.1:\(port)"]
        var setup = Setup(publisher: [publish, "syslog-\(transport)"] + address + load.options(boards))
        let arguments = [
            try stage.tools.peer("rsyslogd"), "-n", "-C", "-iNONE", "-f",
            try configuration(stage, boards[0], port: port),
        ]
        let sign = transport == "udp" ? Server.Sign.datagrams(port) : .port(port)
        setup.servers = [Server(name: "rsyslogd", arguments: arguments, sign: sign)]
        // omprog starts its program with the first message.
        setup.warmUp = {
            try Ports.send("<13>1 - - - - - - #w\n", to: port, transport == "udp" ? SOCK_DGRAM : SOCK_STREAM)
        }
        return setup
    }

    private func configuration(_ stage: Stage, _ board: Board, port: Int) throws -> String {
        let program = [try stage.tools.consume, "omprog", "--board", board.path] + (isConfirmed ? ["--confirm"] : [])
        let input =
            transport == "udp"
            ? """
            module(load="imudp" batchSize="128")
            input(type="imudp" address="127.0.0.1" port="\(port)" rcvbufSize="8m")
            """
            : """
            module(load="imptcp" threads="1")
            input(type="imptcp" address="127.0.0.1" port="\(port)")
            """
        return try stage.file(
            "rsyslog.conf",
            """
            global(workDirectory="\(stage.folder.path)" internalmsg.ratelimit.interval="0")
            main_queue(queue.type="FixedArray" queue.size="200000" queue.dequeueBatchSize="1024"
                queue.workerThreads="1" queue.timeoutEnqueue="60000" queue.discardSeverity="8")
            module(load="omprog")
            \(input)
            template(name="body" type="string" string="%msg%\\n")
            action(type="omprog" template="body" binary="\(program.joined(separator: " "))"
                confirmMessages="\(isConfirmed ? "on" : "off")" queue.type="Direct")

            """)
    }
}
