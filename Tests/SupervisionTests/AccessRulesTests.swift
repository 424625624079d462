// SPDX-License-Identifier: Apache-2.0
/// Who may ask for what, by the settings and by who asks.

import Control
import LinuxIO
import Settings
import Testing

@testable import Supervision

@Suite("Access rules")
struct AccessRulesTests {
    private static let owner: UInt32 = 100
    private static let ownGroup: UInt32 = 200

    /// What the user may do, of the three permissions.
    private func granted(_ user: UInt32, _ groups: [UInt32], _ control: Settings.Control) -> Set<ControlRight> {
        granted(.process(PeerCredentials(pid: 1, user: user, group: groups.first ?? 0), groups: groups), control)
    }

    private func granted(_ peer: ControlPeer, _ control: Settings.Control) -> Set<ControlRight> {
        let rules = AccessRules(control, user: Self.owner, group: Self.ownGroup)
        return Set(
            ControlRight.allCases.filter { right in
                do throws(ControlFault) {
                    try rules.check(right, peer)
                    return true
                } catch {
                    return false
                }
            })
    }

    @Test("by themselves let root and the owner do everything, and all others who get in read the state")
    func usual() {
        let usual = Settings.Control()
        for user in [0, Self.owner] { #expect(granted(user, [7], usual) == Set(ControlRight.allCases)) }
        #expect(granted(1000, [7], usual) == [.nothing, .readState])
        #expect(AccessRules(usual, user: 1, group: 1).socketMode == 0o660)
    }

    @Test("that name users or groups let them do that, and nothing else")
    func named() {
        var control = Settings.Control()
        control.change = .init(users: [1000], groups: [27])
        #expect(granted(1000, [7], control) == [.nothing, .change])
        #expect(granted(1001, [7, 27], control) == [.nothing, .change])
        #expect(granted(1001, [7], control) == [.nothing])
        // As the mode of the socket let it before.
        #expect(granted(1001, [7, Self.ownGroup], control) == [.nothing, .readState])
        control.bodies = .init(groups: [7])
        #expect(granted(1001, [7], control) == [.nothing, .readBodies])
        control.read = .init(users: [1002])
        #expect(granted(1002, [7], control) == [.nothing, .readState, .readBodies])
        #expect(granted(1001, [8, Self.ownGroup], control) == [.nothing])
        for user in [0, Self.owner] { #expect(granted(user, [], control) == Set(ControlRight.allCases)) }
        #expect(AccessRules(control, user: 1, group: 1).socketMode == 0o666)
    }

    @Test("that name nobody leave it to root and the owner")
    func nobody() {
        var control = Settings.Control()
        control.read = .init()
        #expect(granted(1000, [Self.ownGroup], control) == [.nothing])
    }

    @Test("let telnet do everything with the token, and read the state without")
    func telnet() {
        let usual = Settings.Control()
        #expect(granted(.telnet("127.0.0.1:5", hasToken: true), usual) == Set(ControlRight.allCases))
        #expect(granted(.telnet("127.0.0.1:5", hasToken: false), usual) == [.nothing, .readState])
    }

    @Test("say who may, by the key of the settings")
    func words() {
        let rules = AccessRules(Settings.Control(), user: 1, group: 1)
        let peer = ControlPeer.process(PeerCredentials(pid: 2, user: 7, group: 7), groups: [7])
        for (right, what, key) in [
            (ControlRight.change, "do this", "change"), (.readBodies, "read notifications", "bodies"),
        ] {
            #expect(
                throws: ControlFault(
                    "user 7 may not \(what); ask as root, as the user that belfryd runs as, or as one of those that "
                        + "control.\(key) in the settings names")
            ) { try rules.check(right, peer) }
        }
    }
}
