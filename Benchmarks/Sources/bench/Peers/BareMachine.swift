// SPDX-License-Identifier: Apache-2.0
/// The bare machine: C loops that do the least that the work needs, with no broker between; and `relay`, which does the
/// least that a broker of Belfry's shape has to do.
///
/// Used as the limit that Belfry is measured against in rows 1, 2, 5, 7, 9, 10 and 11.
/// Invariant: the sender is the very program that sends to Belfry, with the same window.

import Foundation
import Measures
import Report

enum BareMachine {
    static let settings = "receives, checks every sequence number, and counts; no broker, no acks"

    /// Datagrams, one by one or as trains.
    static func datagrams(sender: String, receiver: String) -> SetUp {
        { stage, load, boards in
            let address = "127.0.0.1:\(try stage.port())"
            let publisher = [try stage.tools.publish, sender, "--to", address] + load.options(boards)
            var setup = Setup(publisher: publisher)
            setup.consumers = [[try stage.tools.consume, receiver, "--from", address, "--board", boards[0].path]]
            return setup
        }
    }

    /// Named after Belfry, as it is Belfry without what makes it a broker: no goal takes it for a peer.
    static let floorName = "Belfry's floor, in C"

    /// Two processes with Belfry's system calls and wakes. For messages that come at a pace, or datagrams with a window.
    static func floor(_ load: Load, sender: String = "belfry") -> Contender {
        let settings =
            "`relay`: two C processes that make Belfry's system calls and wakes for the same bytes, and nothing else: no"
            + " routing, no outcomes, nothing that survives a crash"
        return Contender(floorName, settings: settings, load) { stage, load, boards in
            let port = try stage.port()
            let takesLines = sender.hasPrefix("syslog")
            let program = [try stage.tools.consume] + (takesLines ? ["omprog", "--confirm"] : ["frames"])
            let relay = [try stage.tools.relay, "127.0.0.1:\(port)", takesLines ? "lines" : "frames"]
            let publisher = [try stage.tools.publish, sender, "--to", "127.0.0.1:\(port)"] + load.options(boards)
            let topic = ["belfry", "udp-gso"].contains(sender) ? ["--topic", "bench.message"] : []
            var setup = Setup(publisher: publisher + topic)
            setup.servers = [
                Server(
                    name: "relay", arguments: relay + program + ["--board", boards[0].path],
                    sign: .listening(port))
            ]
            setup.hasSenderAcks = sender == "belfry"
            return setup
        }
    }

    static let acksSettings =
        "`acks`: one C process that reads 64 KiB at a time, checks the messages and acks them once per round; no service"

    /// Takes messages in and acks them, and hands them to nobody.
    /// - Parameter isDurable: each round's messages are synced to a file before their acks.
    static func acks(isDurable: Bool = false) -> SetUp {
        { stage, load, boards in
            let port = try stage.port()
            let address = "127.0.0.1:\(port)"
            let file = isDurable ? ["--program", try stage.folderOnDisk().appending(path: "acks").path] : []
            let publisher = [try stage.tools.publish, "belfry", "--to", address, "--topic", "bench.message"]
            var setup = Setup(publisher: publisher + load.options(boards))
            setup.servers = [
                Server(
                    name: "acks",
                    arguments: [try stage.tools.acks, "--from", address, "--board", boards[0].path] + file,
                    sign: .listening(port))
            ]
            setup.hasSenderAcks = true
            return setup
        }
    }

    /// As many messages for each sync as give the best rate.
    static let syncBatches = [1, 64, 4_096, 65_536]
    static func syncLoopName(_ batch: Int) -> String { "C loop, \(Quantity.grouped(batch)) a sync" }

    /// write and fdatasync, so many messages at a time.
    static func syncLoop(batch: Int, _ load: Load) -> Contender {
        Contender(syncLoopName(batch), settings: "pwrite and fdatasync into one file; no broker, no service", load) {
            stage, load, boards in
            let file = try stage.folderOnDisk().appending(path: "loop").path
            let options = load.options(boards) + ["--batch", "\(batch)", "--program", file]
            var setup = Setup(publisher: [try stage.tools.syncLoop] + options)
            setup.waitsForReady = false
            setup.hasSenderAcks = true
            return setup
        }
    }

    static let spawnLoopName = "C loop of posix_spawn"

    /// posix_spawn with a pipe, a process for each message, two at a time.
    static func spawnLoop(_ load: Load) -> Contender {
        Contender(spawnLoopName, settings: "posix_spawn and a pipe, 2 in flight; no broker, no acks", load) {
            stage, load, boards in
            let count = ["--count", "\(load.count)", "--in-flight", "2"]
            var setup = Setup(publisher: [try stage.tools.spawnLoop, "--board", boards[0].path] + count)
            setup.waitsForReady = false
            return setup
        }
    }
}
