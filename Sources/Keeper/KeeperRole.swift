// SPDX-License-Identifier: Apache-2.0
/// The keeper's process: `belfry keeper FOLDER`, started by the supervisor with its descriptors by name.
///
/// Called by the hidden verb of that name.
/// Invariant: it ends when the supervisor says so or is gone, and holds the fence of the state folder while it lives.

import Control
import HotRestart
import LinuxIO

package enum KeeperRole {
    /// Serves until it may leave.
    /// - Returns: the exit status.
    package static func run(folder: String) throws -> Int32 {
        Signal.ignoreBrokenPipes()
        CurrentProcess.setName("belfry-keeper")
        // A terminal may tell the whole group to end; here the supervisor alone decides.
        _ = try SignalDescriptor(blocking: [Signal.terminate, Signal.interrupt, Signal.hangup])
        let inherited = try InheritedDescriptors.adopt()
        let channel = RoleChannel(owning: try inherited.require("channel"))
        let fence = try inherited.require("fence")
        let supervisor = try inherited.require("notes")
        try inherited.finish()
        let store: KeeperStore
        do {
            store = try KeeperStore(folder: folder)
        } catch {
            let fault = StoreFault("\(folder)/store.sqlite", error)
            _ = channel.send(.trouble("\(fault)"))
            throw fault
        }
        let keeper = try Keeper(store, channel: channel, supervisor: supervisor)
        keeper.begin()
        while true {
            switch try keeper.step() {
            case .running: continue
            case .ended, .damaged:
                _ = consume fence
                return 0
            case .orphaned: return 1
            }
        }
    }
}
