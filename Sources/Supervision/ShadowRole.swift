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

package enum ShadowRole {
    /// Nanoseconds until it gives itself up; who started it waits a little longer.
    private static let limit: UInt64 = 30_000_000_000
    static let patience = limit + 5_000_000_000

    /// - Parameter arguments: those that it would be started with; none for its predecessor's.
    package static func run(_ path: String, _ arguments: [String]) -> CInt {
        CurrentProcess.setName("belfryd-shadow")
        Signal.ignoreBrokenPipes()
        do {
            FaultPoint.reach(.shadowBegun)
            let inherited = try InheritedDescriptors.adopt()
            try read(inherited)
            try inherited.finish()
            if case .wrong(let words) = Invocation(arguments), !arguments.isEmpty {
                throw ShadowFault("the arguments behind -- are not understood: \(words)")
            }
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

    /// Everything that it would take over by value has to be understood; by way of the store there is nothing of that kind.
    private static func read(_ inherited: InheritedDescriptors) throws {
        // What we run from; it was opened for us.
        _ = inherited.take("image")
        if let file = inherited.take("settings") { _ = try TakeOver.read(settings: file) }
        if let file = inherited.take("state") { _ = try TakeOver.read(state: file) }
    }
}
