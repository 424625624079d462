// SPDX-License-Identifier: Apache-2.0
/// The signal that asks for a restart, as something to read.
///
/// Made by Generation.start, read by GenerationLoop.
/// Invariant: the signal ends no thread, and interrupts none but the loop's and those that open their masks (as Swift's main
/// thread does once it runs tasks): a handler rings, and all other threads have the signal blocked.

internal import LinuxIO

final class SignalWatch: Sendable {
    private let signal: CInt
    private let bell: EventCounter
    var raw: CInt { bell.raw }

    init(_ signal: CInt) throws(GenerationError) {
        self.signal = signal
        do throws(SystemCallError) {
            bell = try EventCounter()
            try Signal.ring(bell, on: signal)
            try Signal.block(signal)
        } catch {
            throw GenerationError(error)
        }
    }

    /// The calling thread is the one that the signal comes to, from now on.
    func attend() { try? Signal.block(signal, false) }

    /// Whether it has come since the last call.
    func hasCome() -> Bool { bell.drain() }
}
