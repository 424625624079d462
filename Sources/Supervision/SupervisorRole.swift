// SPDX-License-Identifier: Apache-2.0
/// belfryd as its users start it: reads the settings, makes the Supervisor, runs it, and turns what went wrong into
/// words on standard error and an exit status.
///
/// Called by the entry point alone, on the process's first thread.
/// Invariant: returns 0 after an end in order, 1 with a reason on standard error otherwise; never exits by itself.

internal import HotRestart
internal import LinuxIO
internal import Logging

package enum SupervisorRole {
    package static func run(file: String) -> CInt {
        let log = Logger(label: "belfryd")
        do {
            _ = try CurrentProcess.raiseDescriptorLimit()
            // First of all: LISTEN_PID and the rest must not reach the settings tool, nor may a thread exist yet.
            let inherited = try InheritedDescriptors.adopt()
            let tool = try SettingsTool.besideThisExecutable()
            if let channel = inherited.take("handover") {
                let channel = HandOverChannel(owning: channel)
                return inherited.names.contains("state")
                    ? try takeOver(channel, file, inherited, tool, log)
                    : try follow(channel, file, inherited, tool, log)
            }
            // What the tool had to say about the file, it has said.
            guard let read = try tool.read(file) else { return 1 }
            return try Supervisor(
                SupervisorParts(read.settings, file: file, inherited, tool: tool, log: log)
            ).run()
        } catch {
            log.critical("\(DescriptorShortage.telling(error))")
            return 1
        }
    }

    /// In the place of a belfryd that runs.
    private static func takeOver(
        _ channel: consuming HandOverChannel, _ file: String, _ inherited: InheritedDescriptors, _ tool: SettingsTool,
        _ log: Logger
    ) throws -> CInt {
        // The name of a process that was started by a descriptor is that one's number.
        CurrentProcess.setName("belfryd")
        // Nothing here holds on to what is the predecessor's: the supervisor lets go of it in its time.
        return try successor(channel, file, inherited, tool, log).run()
    }

    private static func successor(
        _ channel: consuming HandOverChannel, _ file: String, _ inherited: InheritedDescriptors, _ tool: SettingsTool,
        _ log: Logger
    ) throws -> Supervisor {
        let takeOver = TakeOver(channel)
        do {
            return try Supervisor(
                SupervisorParts(takingOver: takeOver, file: file, inherited, tool: tool, log: log))
        } catch {
            // Who asked is to know why; the other one goes on.
            _ = takeOver.channel.send(.failed(DescriptorShortage.telling(error)))
            throw error
        }
    }

    /// Goes on with what a belfryd has stored that holds port and locks for us.
    private static func follow(
        _ channel: consuming HandOverChannel, _ file: String, _ inherited: InheritedDescriptors, _ tool: SettingsTool,
        _ log: Logger
    ) throws -> CInt {
        CurrentProcess.setName("belfryd")
        let forerunner = Forerunner(channel)
        FaultPoint.reach(.followerStarted)
        do {
            guard let read = try tool.read(file) else { throw StartFault("\(file) has faults, which the log tells") }
            let parts = try SupervisorParts(read.settings, file: file, inherited, tool: tool, log: log)
            let supervisor = try Supervisor(parts)
            supervisor.forerunner = forerunner
            return try supervisor.run()
        } catch {
            _ = forerunner.channel.send(.failed(DescriptorShortage.telling(error)))
            throw error
        }
    }
}
