// SPDX-License-Identifier: Apache-2.0
/// How the next generation is started: the same as this one, with what passes between generations put in its place.
///
/// Made by Generation at its start, before there are threads that could change the environment; used by Successor.
/// Invariant: of what told this generation about itself (LISTEN_…, WATCHDOG_PID) nothing reaches the next one.

internal import LinuxIO

struct SuccessorPlan {
    let executable: String
    let arguments: [String]
    let environment: [String]

    /// `number` is that of the generation that is to be started.
    init(_ options: GenerationOptions, executable: String, environment: [String], number: Int) {
        self.executable = options.executable ?? executable
        arguments = options.arguments ?? CommandLine.arguments
        // Its watchdog's messages are those of the main process: sd_watchdog_enabled(3) goes by the pid only if there is one.
        let own = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "WATCHDOG_PID", InheritedName.number]
        self.environment =
            environment.filter { line in !own.contains { line.hasPrefix($0 + "=") } }
            + ["\(InheritedName.number)=\(number)"]
    }

    /// From what this process is now.
    init(_ options: GenerationOptions, number: Int) throws(GenerationError) {
        do throws(SystemCallError) {
            self.init(
                options, executable: try CurrentProcess.executable(), environment: CurrentProcess.environment(),
                number: number)
        } catch {
            throw GenerationError(error)
        }
    }

    /// With these descriptors under their names, and our standard ones.
    func request(_ sources: [(name: String, raw: CInt)]) -> LaunchRequest {
        let standard: [(source: CInt, target: CInt)] = (0...2).filter(Descriptor.isOpen).map { ($0, $0) }
        return LaunchRequest(
            path: executable, arguments: arguments, environment: environment,
            descriptors: standard + sources.enumerated().map { ($0.element.raw, CInt(3 + $0.offset)) },
            listenNames: sources.map(\.name), processGroup: false, asSibling: true)
    }
}
