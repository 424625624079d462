// SPDX-License-Identifier: Apache-2.0
/// beanstalkd: put, reserve, delete.
///
/// Used by rows 3, 9 and 11.
/// Invariant: it keeps no log on disk, but where that is what is measured.

enum Beanstalk {
    static let settings = "defaults, no binlog"

    static let diskSettings = "`-b`, `-f 0`: a sync for each write to the binlog"

    static func setUp(_ stage: Stage, _ load: Load, _ boards: [Board]) throws -> Setup {
        try setUp(stage, load, boards, binlog: [])
    }

    /// With a binlog that is synced at each write.
    static func setUpOnDisk(_ stage: Stage, _ load: Load, _ boards: [Board]) throws -> Setup {
        try setUp(stage, load, boards, binlog: ["-b", stage.folderOnDisk().path, "-f", "0"])
    }

    private static func setUp(_ stage: Stage, _ load: Load, _ boards: [Board], binlog: [String]) throws -> Setup {
        let port = try stage.port()
        let address = "127.0.0.1:\(port)"
        let options = ["--topic", "bench"] + load.options(boards)
        var setup = Setup(publisher: [try stage.tools.publish, "beanstalk", "--to", address] + options)
        let arguments = [try stage.tools.peer("beanstalkd"), "-l", "127.0.0.1", "-p", "\(port)"] + binlog
        setup.servers = [Server(name: "beanstalkd", arguments: arguments, sign: .port(port))]
        setup.consumers = [
            [try stage.tools.consume, "beanstalk", "--from", address, "--topic", "bench", "--board", boards[0].path]
        ]
        setup.hasSenderAcks = true
        return setup
    }
}
