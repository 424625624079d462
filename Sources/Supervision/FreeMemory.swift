// SPDX-License-Identifier: Apache-2.0
/// How much memory can be had, and who has no more: the machine, or a control group that belfryd runs in. The kernel would
/// promise any amount, and then kill processes, not only ours, to keep its promise.
///
/// Used by Regions before it makes the ring, and by UpdateRoom. Reading the texts is apart from judging them.
/// Invariant: without the kernel's word (no /proc, no control groups) nothing is refused.

internal import Control
internal import LinuxIO
internal import Ring

struct FreeMemory: Equatable {
    var bytes: UInt64
    /// Whose limit it is; nil if it is the machine that has no more.
    var limit: MemoryLimit?

    /// What is least; nil if nobody says anything.
    init?(machine: UInt64?, limits: [MemoryLimit]) {
        let tightest = limits.min { $0.left < $1.left }
        if let tightest, tightest.left < machine ?? .max {
            self.init(bytes: tightest.left, limit: tightest)
        } else {
            guard let machine else { return nil }
            self.init(bytes: machine, limit: nil)
        }
    }

    private init(bytes: UInt64, limit: MemoryLimit?) {
        self.bytes = bytes
        self.limit = limit
    }

    /// As the kernel says it at this moment.
    static func now() -> FreeMemory? {
        let groups = MemoryLimit.groups(text("/proc/self/cgroup"))
        return FreeMemory(machine: available(meminfo: text("/proc/meminfo")), limits: MemoryLimit.all(of: groups))
    }

    /// Of a file of the kernel's; nothing if it is not there.
    static func text(_ path: String) -> String {
        (try? File.read(path, limit: 65_536)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// Bytes that can be had without swapping, by the kernel's own estimate.
    static func available(meminfo: String) -> UInt64? {
        for line in meminfo.split(separator: "\n") where line.hasPrefix("MemAvailable:") {
            let words = line.split(separator: " ")
            return words.count == 3 ? UInt64(words[1]).map { $0 << 10 } : nil
        }
        return nil
    }

    /// The part of a sentence that tells it.
    var words: String {
        guard let limit else { return "but this machine has \(HumanText.bytes(bytes)) of memory left" }
        return "but the memory limit of \(limit.name) (MemoryMax=, memory.max) is \(HumanText.bytes(limit.bytes)), "
            + "of which \(HumanText.bytes(bytes)) are left"
    }

    /// What would give more, behind `words`.
    var remedy: String { limit == nil ? "make room" : "raise it" }

    static func check(_ geometry: RingGeometry) throws(StartFault) {
        if let fault = fault(geometry, left: now()) { throw fault }
    }

    static func fault(_ geometry: RingGeometry, left: FreeMemory?) -> StartFault? {
        guard let left, geometry.arenaSize > left.bytes else { return nil }
        return StartFault(
            "ring.size: the ring would take \(HumanText.bytes(geometry.arenaSize)), \(left.words); "
                + "choose a smaller ring.size in the settings")
    }
}
