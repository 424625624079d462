// SPDX-License-Identifier: Apache-2.0
/// beanstalkd: put, reserve, delete.
///
/// Used by rows 3 and 9.
/// Invariant: it keeps no log on disk.

enum Beanstalk {
    static let settings = "defaults, no binlog"

    static func setUp(_ stage: Stage, _ load: Load, _ boards: [Board]) throws -> Setup {
        let port = try stage.port()
        let address = "127.0.0.1:\(port)"
        let options = ["--topic", "bench"] + load.options(boards)
        var setup = Setup(publisher: [try stage.tools.publish, "beanstalk", "--to", address] + options)
        let arguments = [try stage.tools.peer("beanstalkd"), "-l", "127.0.0.1", "-p", "\(port)"]
        setup.servers = [Server(name: "beanstalkd", arguments: arguments, sign: .port(port))]
        setup.consumers = [
            [try stage.tools.consume, "beanstalk", "--from", address, "--topic", "bench", "--board", boards[0].path]
        ]
        setup.hasSenderAcks = true
        return setup
    }
}
