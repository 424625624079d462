// SPDX-License-Identifier: Apache-2.0
/// The bare machine: C loops that do the least that the work needs, with no broker between.
///
/// Used as the limit that Belfry is measured against in rows 1, 2 and 5.
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
