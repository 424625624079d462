// SPDX-License-Identifier: Apache-2.0
/// The dead letters of a soak: their keeper is killed, and they are delivered again. Used by Soak.
/// Invariant: until `mend`, what was rejected is rejected again, so that at every moment of rest it is a dead letter.

import LinuxIO
import Testing

extension Soak {
    /// It works again when it answers.
    func killKeeper() throws -> Bool {
        guard let pid = Roles.pids("keeper", of: broker).first, let since = try kill(pid) else { return false }
        _ =
            try scratch.poll("the keeper to answer") {
                try broker.belfry(["dead", "list", "--limit", "1"]).succeeded ? true : nil
            } as Bool
        recoveries.note("kill -9 of the keeper", Clock.monotonic() &- since)
        return true
    }

    /// Some of them, which die again; as often as not a process between store and ring is killed meanwhile.
    func replay() throws -> Bool {
        let topic = ["slow.*", "slow.0", "slow.1", "syslog.*.crit"].randomElement(using: &chance)!
        let asker = try replaying(["--topic", topic])
        if Bool.random(using: &chance) { try killSoon(["keeper", "acceptor"].randomElement(using: &chance)!) }
        let hasSucceeded = try asker.wait().succeeded
        try pass()
        return hasSucceeded
    }

    /// In the middle of what goes on, or before or behind it.
    private func killSoon(_ role: String) throws {
        try breathe(most: 40)
        Roles.signal(Signal.kill, role, of: broker)
    }

    private func replaying(_ words: [String]) throws -> Program {
        try Program(Executables.belfry, ["--control", broker.control, "dead", "replay"] + words, in: scratch)
    }

    /// The services have learned something: all is delivered again, under kills at first, and few die again.
    func mend() throws {
        for service in services where service.rejects { try service.mend() }
        for role in ["keeper", "acceptor", "keeper"] {
            let asker = try replaying(["--all"])
            try killSoon(role)
            _ = try asker.wait()
        }
        try restReplayed()
        let result = try replaying(["--all"]).wait()
        #expect(result.succeeded, "\(result.output)\(result.errors)")
        try restReplayed()
    }

    /// No letter is on its way to be delivered again, and none of those that were is pending.
    private func restReplayed() throws {
        for service in services where service.rejects {
            _ =
                try scratch.poll("the replays to \(service.name)") {
                    let letters = try? DeadLetters(asking: scratch, at: broker.control, of: service.name)
                    return letters?.letters.contains { $0.replaying } == false ? true : nil
                } as Bool
        }
        try rest()
    }
}
