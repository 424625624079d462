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
            let goesThroughStore = !inherited.names.contains("settings")
            try read(inherited)
            try inherited.finish()
            if let file = try file(arguments), goesThroughStore { try check(file, path) }
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

    /// The settings file that it would be started with; nil for its predecessor's.
    private static func file(_ arguments: [String]) throws(ShadowFault) -> String? {
        guard !arguments.isEmpty else { return nil }
        switch Invocation(arguments) {
        case .supervise(let file): return file
        case .wrong(let words): throw ShadowFault("the arguments behind -- are not understood: \(words)")
        case .role, .examine, .shadow, .canary, .help, .version:
            throw ShadowFault("the arguments behind -- would not have it serve; --config FILE would")
        }
    }

    /// By way of the store it reads the file as at any start, and goes on with what lies in its predecessor's folder.
    private static func check(_ file: String, _ shadow: String) throws {
        let words = "could not start with the settings as they are now"
        switch try SettingsTool.besideThisExecutable().outcome(of: file, collectsWords: true) {
        case .read(let settings, _, _):
            let folder = File.facts(at: shadow[..<(shadow.lastIndex(of: "/") ?? shadow.startIndex)] + "/lock")
            let named = File.facts(at: "\(settings.state.directory)/lock")
            guard let folder, let named, folder.inode == named.inode, folder.device == named.device else {
                throw ShadowFault(
                    "\(words): state.directory \(settings.state.directory) is another folder than that of "
                        + "the belfryd that runs; change it at an ordinary start")
            }
        case .refused(let lines): throw ShadowFault("\(words): \(lines.first ?? file)")
        case .failed(let reason): throw ShadowFault("\(words): \(reason)")
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
