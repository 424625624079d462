// SPDX-License-Identifier: Apache-2.0
/// A process of a stream service's shard, with the framing that speaks with it and what it has shown of itself.
///
/// Made and held by StreamRunner: one mostly, two while a restart has the next one take over.
/// Invariant: no two seats of a runner have the same place, and their times have none in common, so that each delivery in
/// flight is of one of them.

final class StreamSeat {
    let process: ServiceProcess
    let framing: any StreamFraming
    /// Its events carry it.
    let place: Int
    /// When its deliveries are handed out.
    var times: ClosedRange<UInt64>
    var conduct = StreamConduct()
    /// The last valid answer, or when deliveries were first held since there were none.
    var lastProgress: UInt64 = 0
    /// When it was last given a message, or answered one.
    var idleSince: UInt64 = 0

    init(_ process: ServiceProcess, _ framing: any StreamFraming, place: Int, times: ClosedRange<UInt64>) {
        self.process = process
        self.framing = framing
        self.place = place
        self.times = times
    }

    var isEnding: Bool { process.ending.hasBegun }
}
