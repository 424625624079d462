// SPDX-License-Identifier: Apache-2.0
/// The file that says which process serves, for those who have no service manager to ask.
///
/// Used by Generation.ready.
/// Invariant: a reader finds the number of a process that serves or has just handed over, never half a number.

internal import LinuxIO

struct PidFile: ~Copyable {
    private let path: String
    private var prepared: String { "\(path).\(CurrentProcess.pid)" }

    /// Writes it beside its place, so that a folder that can't be written to is known before anything has changed.
    init(_ path: String) throws(GenerationError) {
        self.path = path
        do throws(SystemCallError) {
            try File.write(prepared, Array("\(CurrentProcess.pid)\n".utf8).span, mode: 0o644)
        } catch {
            throw .pidFile(path: path, reason: error.reason)
        }
    }

    deinit { _ = try? File.remove("\(path).\(CurrentProcess.pid)") }

    /// Puts it in its place.
    func put() throws(GenerationError) {
        do throws(SystemCallError) {
            try File.rename(prepared, to: path)
        } catch {
            throw .pidFile(path: path, reason: error.reason)
        }
    }
}
