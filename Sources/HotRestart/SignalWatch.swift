// SPDX-License-Identifier: Apache-2.0
/// The signal that asks for a restart, as something to read.
///
/// Made by Generation.start, read by GenerationLoop.
/// Invariant: from its making on, no thread of the process is interrupted by the signal, or ended.

internal import LinuxIO

final class SignalWatch: Sendable {
    private let descriptor: SignalDescriptor
    var raw: CInt { descriptor.raw }

    init(_ signal: CInt) throws(GenerationError) {
        do throws(SystemCallError) {
            descriptor = try SignalDescriptor(blocking: [signal])
        } catch {
            throw GenerationError(error)
        }
        let threads = SignalDescriptor.threadsOpen(to: signal)
        guard threads == 0 else { throw .startedLate(threads: threads) }
    }

    /// Whether it has come since the last call.
    func hasCome() -> Bool {
        var hasCome = false
        while descriptor.next() != nil { hasCome = true }
        return hasCome
    }
}
