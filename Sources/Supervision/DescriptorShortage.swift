// SPDX-License-Identifier: Apache-2.0
/// What an operator is told when a process of belfryd could not have another descriptor: the error's own words, and what
/// would help.
///
/// Used where a start, or the launch of a process of Belfry's, fails.
/// Invariant: an error of another kind is told in its own words alone.

internal import LinuxIO
internal import Segments

enum DescriptorShortage: Equatable {
    /// A process may have no more.
    case process(limit: UInt64)
    /// The machine has no more.
    case machine

    /// - Parameter limit: how many a process of ours may have.
    init?(_ error: any Error, limit: UInt64) {
        let call =
            switch error {
            case let error as SystemCallError: error
            case let error as LaunchError: SystemCallError(call: "", code: error.code)
            case let error as SegmentFault: error.call
            default: SystemCallError?.none
            }
        guard let call, call.isOutOfDescriptors else { return nil }
        self = call.isMachineOutOfDescriptors ? .machine : .process(limit: limit)
    }

    /// As this process stands.
    init?(_ error: any Error) {
        self.init(error, limit: (try? ResourceLimit.get(.descriptors))?.hard ?? 0)
    }

    static func isCause(of error: any Error) -> Bool { DescriptorShortage(error) != nil }

    static func telling(_ error: any Error) -> String {
        DescriptorShortage(error).map { "\(error); \($0.remedy)" } ?? "\(error)"
    }

    var remedy: String {
        switch self {
        case .process(let limit):
            "a process of belfryd may have \(limit) descriptors, which is too few: raise LimitNOFILE= of its unit, or ulimit -n"
        case .machine: "this machine has no descriptor left: raise fs.file-max (sysctl)"
        }
    }
}
