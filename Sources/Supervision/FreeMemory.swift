// SPDX-License-Identifier: Apache-2.0
/// Whether the machine has the memory for a ring. The kernel would promise any amount, and then kill processes, not only
/// ours, to keep its promise.
///
/// Used by Regions before it makes the ring. Reading the text is apart from judging it.
/// Invariant: without the kernel's word (no /proc) nothing is refused.

internal import Control
internal import LinuxIO
internal import Ring

enum FreeMemory {
    static func check(_ geometry: RingGeometry) throws(StartFault) {
        let text = (try? File.read("/proc/meminfo", limit: 65_536)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        if let fault = fault(geometry, available: available(meminfo: text)) { throw fault }
    }

    /// Bytes that can be had without swapping, by the kernel's own estimate.
    static func available(meminfo: String) -> UInt64? {
        for line in meminfo.split(separator: "\n") where line.hasPrefix("MemAvailable:") {
            let words = line.split(separator: " ")
            return words.count == 3 ? UInt64(words[1]).map { $0 << 10 } : nil
        }
        return nil
    }

    static func fault(_ geometry: RingGeometry, available: UInt64?) -> StartFault? {
        guard let available, geometry.arenaSize > available else { return nil }
        return StartFault(
            "ring.size: the ring would take \(HumanText.bytes(geometry.arenaSize)), but this machine has "
                + "\(HumanText.bytes(available)) of memory left; choose a smaller ring.size in the settings")
    }
}
