// SPDX-License-Identifier: Apache-2.0
/// Which trains a socket lets pass, as far as it has shown: kernels differ in how many segments they take at once, paths in
/// how long one may be.
///
/// Used by DatagramOutlet; pure.
/// Invariant: each train that did not pass lowers a limit, so that what is sent again is shorter, or no train.

internal import LinuxIO

struct TrainLimits: Equatable {
    /// Frames that one train holds at most.
    private(set) var count = DatagramTrain.longest
    /// Trains of longer segments do not pass; 0: none do.
    private(set) var segment: Int

    /// - Parameter usesTrains: whether there are any to begin with.
    init(_ usesTrains: Bool) { segment = usesTrains ? DatagramBatch.longest : 0 }

    func pass(_ run: DatagramBatch.Run) -> Bool { run.count > 1 && run.count <= count && run.segment <= segment }

    /// The train did not pass: an older kernel, or else a path that is narrower than the segment, or a device that can't.
    mutating func lower(behind run: DatagramBatch.Run) {
        if run.count > DatagramTrain.usual { count = DatagramTrain.usual } else { segment = run.segment - 1 }
    }
}
