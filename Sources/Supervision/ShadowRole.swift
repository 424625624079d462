// SPDX-License-Identifier: Apache-2.0
/// `belfryd shadow FOLDER`: what an executable does before it may take over: read the settings and the state that it would
/// get, and run a broker of its own beside the one that serves.
///
/// Started by the running supervisor from the executable that an update names, in a folder that is its alone.
/// Invariant: nothing of the running broker can be written by it; it exits with 0 only if it could take over, and its last
/// line says why not.

internal import Control
internal import HotRestart
internal import LinuxIO
internal import Settings

package enum ShadowRole {
    /// Nanoseconds until it gives itself up; who started it waits a little longer.
    private static let limit: UInt64 = 30_000_000_000
    static let patience = limit + 5_000_000_000

    package static func run(_ path: String) -> CInt {
        CurrentProcess.setName("belfryd-shadow")
        Signal.ignoreBrokenPipes()
        do {
            FaultPoint.reach(.shadowBegun)
            let inherited = try InheritedDescriptors.adopt()
            try read(inherited)
            try inherited.finish()
            let folder = try ShadowFolder(path)
            defer { try? folder.remove() }
            let trial = try ShadowRun(in: folder, limit: limit)
            defer { trial.stop() }
            try trial.judge()
            return 0
        } catch {
            _ = try? File.write(1, Array("\(PrintableText.clean("\(error)"))\n".utf8).span)
            return 1
        }
    }

    /// Everything that it would take over by value has to be understood.
    private static func read(_ inherited: InheritedDescriptors) throws {
        let image = try inherited.require("settings")
        let settings = try MemoryFile.map(image.raw, writable: false)
        try settings.withSpan(0, settings.count) { _ = try SettingsImage.decode($0) }
    }
}
