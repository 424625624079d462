// SPDX-License-Identifier: Apache-2.0

import Control
import HotRestart
import LinuxIO
import Logging

/// The entry of a process that belfryd's supervisor started as `belfryd acceptor`.
///
/// It takes what it was handed by name (with a descriptor `predecessor` also what another acceptor has), gives up the rights
/// that it will not need, and serves the port until the supervisor ends it or has it hand over to another one.
/// Invariant: untrusted bytes, a predecessor's among them, are looked at only behind the loss of rights.
package enum AcceptorRole {
    /// - Returns: the exit code: 0 after a drain or a stop, 1 if it can't start or go on.
    package static func run() -> CInt {
        do {
            CurrentProcess.setName("belfryd-acceptor")
            Signal.ignoreBrokenPipes()
            // A terminal or a service manager may tell the whole group to end; here the supervisor alone decides.
            _ = try SignalDescriptor(blocking: [Signal.terminate, Signal.interrupt, Signal.hangup])
            // A connection is a descriptor; where the limit is low all the same, the listener copes.
            _ = try CurrentProcess.raiseDescriptorLimit()
            let acceptor = try begun()
            while true {
                switch try acceptor.step() {
                case .running: continue
                case .ended: return 0
                case .orphaned: return 1
                }
            }
        } catch {
            Logger(label: "belfryd.acceptor").critical("\(error)")
            return 1
        }
    }

    /// One that serves. With a predecessor that lives, that has ended its own work then, and handed over what it had.
    private static func begun() throws -> Acceptor {
        let inherited = try InheritedDescriptors.adopt()
        let predecessor = inherited.take("predecessor")
        let inheritance = try AcceptorInheritance.take(inherited)
        try CurrentProcess.forbidNewRights()
        guard let predecessor else {
            let acceptor = try Acceptor(inheritance.parts())
            try acceptor.begin()
            return acceptor
        }
        let takeOver = try TakeOver(predecessor, channel: inheritance.channel.raw)
        FaultPoint.reach(.takeOverStarted)
        _ = inheritance.channel.send(.prepared)
        FaultPoint.reach(.takeOverPrepared)
        while try !takeOver.begin() { try takeOver.wait() }
        FaultPoint.reach(.takeOverBegun)
        let acceptor = try Acceptor(inheritance.parts())
        while try !acceptor.adopt(from: takeOver) { try takeOver.wait() }
        try acceptor.begin(behind: takeOver)
        return acceptor
    }
}
