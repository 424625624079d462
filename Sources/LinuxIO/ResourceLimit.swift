// SPDX-License-Identifier: Apache-2.0
/// The limits that the kernel holds a process to (rlimits), by the names of getrlimit(2) in small letters. Used by
/// SettingsFile for `limits`, and by entry points for their own descriptors.
/// Invariant: a name stands for the same number in every process of this machine, so that the image may carry numbers.

internal import CLinux
internal import Glibc

package enum ResourceLimit: String, CaseIterable, Sendable {
    case addressSpace = "as"
    case core
    case cpu
    case data
    case fileSize = "fsize"
    case locks
    case lockedMemory = "memlock"
    case messageQueue = "msgqueue"
    case nice
    case descriptors = "nofile"
    case processes = "nproc"
    case residentSet = "rss"
    case realtimePriority = "rtprio"
    case realtimeTime = "rttime"
    case pendingSignals = "sigpending"
    case stack

    package static var infinity: UInt64 { belfry_rlimit_infinity }

    /// The number that the kernel knows it by.
    package var resource: CInt {
        switch self {
        case .addressSpace: CInt(RLIMIT_AS.rawValue)
        case .core: CInt(RLIMIT_CORE.rawValue)
        case .cpu: CInt(RLIMIT_CPU.rawValue)
        case .data: CInt(RLIMIT_DATA.rawValue)
        case .fileSize: CInt(RLIMIT_FSIZE.rawValue)
        case .locks: CInt(__RLIMIT_LOCKS.rawValue)
        case .lockedMemory: CInt(__RLIMIT_MEMLOCK.rawValue)
        case .messageQueue: CInt(__RLIMIT_MSGQUEUE.rawValue)
        case .nice: CInt(__RLIMIT_NICE.rawValue)
        case .descriptors: CInt(RLIMIT_NOFILE.rawValue)
        case .processes: CInt(__RLIMIT_NPROC.rawValue)
        case .residentSet: CInt(__RLIMIT_RSS.rawValue)
        case .realtimePriority: CInt(__RLIMIT_RTPRIO.rawValue)
        case .realtimeTime: CInt(__RLIMIT_RTTIME.rawValue)
        case .pendingSignals: CInt(__RLIMIT_SIGPENDING.rawValue)
        case .stack: CInt(RLIMIT_STACK.rawValue)
        }
    }

    package static func get(_ limit: ResourceLimit) throws(SystemCallError) -> (soft: UInt64, hard: UInt64) {
        var soft: UInt64 = 0
        var hard: UInt64 = 0
        try systemCall("getrlimit") { unsafe belfry_rlimit_get(limit.resource, &soft, &hard) }
        return (soft, hard)
    }

    package static func set(_ limit: ResourceLimit, soft: UInt64, hard: UInt64) throws(SystemCallError) {
        try systemCall("setrlimit") { belfry_rlimit_set(limit.resource, soft, hard) }
    }
}
