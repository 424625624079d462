// SPDX-License-Identifier: Apache-2.0
/// A bell between processes (eventfd): ringing it makes it readable for whoever polls it.
/// Used for wake-ups, one for each role, and between threads. Whoever polls it edge-triggered hears each ring and need not
/// drain it.
/// Invariant: neither ringing nor draining ever blocks, and a bell rung many times is drained by one call.

internal import CLinux
internal import Glibc

package struct EventCounter: ~Copyable, Sendable {
    package let descriptor: Descriptor
    package var raw: CInt { descriptor.raw }

    package init() throws(SystemCallError) {
        descriptor = Descriptor(owning: try systemCall("eventfd") { belfry_eventfd() })
    }

    /// Takes over an inherited one; it was made non-blocking where it was made.
    package init(owning descriptor: consuming Descriptor) { self.descriptor = descriptor }

    package borrowing func ring() { EventCounter.ring(descriptor.raw) }

    /// Rings a bell known by its number. EAGAIN needs nothing: a counter at its top is readable as it is.
    package static func ring(_ raw: CInt) {
        var one: UInt64 = 1
        _ = uninterrupted { unsafe write(raw, &one, 8) }
    }

    /// True if it had been rung.
    @discardableResult
    package borrowing func drain() -> Bool { EventCounter.drain(descriptor.raw) }

    @discardableResult
    package static func drain(_ raw: CInt) -> Bool {
        var rung: UInt64 = 0
        return uninterrupted { unsafe read(raw, &rung, 8) }.result == 8
    }
}
