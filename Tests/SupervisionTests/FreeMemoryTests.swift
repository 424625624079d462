// SPDX-License-Identifier: Apache-2.0
/// A ring that the machine has no memory for.

import Ring
import Testing

@testable import Supervision

@Suite("Free memory")
struct FreeMemoryTests {
    @Test("is what the kernel says is available")
    func available() {
        let text = "MemTotal:       24588176 kB\nMemFree:          508372 kB\nMemAvailable:    2048 kB\nBuffers: 1 kB\n"
        #expect(FreeMemory.available(meminfo: text) == 2 << 20)
        #expect(FreeMemory.available(meminfo: "MemTotal: 1 kB\n") == nil)
        #expect(FreeMemory.available(meminfo: "MemAvailable: much kB\n") == nil)
    }

    @Test("is enough for a ring, or the ring is refused with both numbers")
    func enough() {
        let ring = RingGeometry(ringSize: 64 << 20)
        #expect(FreeMemory.fault(ring, available: 64 << 20) == nil)
        #expect(FreeMemory.fault(ring, available: nil) == nil)
        let fault = FreeMemory.fault(ring, available: 63 << 20)
        #expect(
            fault?.description == "ring.size: the ring would take 64 MiB, but this machine has 63 MiB of memory left; "
                + "choose a smaller ring.size in the settings")
    }
}
