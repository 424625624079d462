// SPDX-License-Identifier: Apache-2.0
/// Who may ask for what: by user and groups as the kernel names them, or by what a telnet connection has shown.
///
/// Used by the Supervisor before it reads more of a request than its type. Pure.
/// Invariant: root and the user that Belfry runs as may do everything on the Unix socket; whom the settings don't name may
/// change nothing and read no notification.

internal import Control
internal import LinuxIO
internal import Settings

struct AccessRules {
    let settings: Settings.Control
    /// Whose belfryd it is.
    let user: UInt32
    let group: UInt32

    init(_ settings: Settings.Control, user: UInt32 = CurrentProcess.user, group: UInt32 = CurrentProcess.group) {
        self.settings = settings
        self.user = user
        self.group = group
    }

    /// The mode of the socket file. Where the settings name users, they have to get in at all.
    var socketMode: UInt32 { isUsual ? 0o660 : 0o666 }

    private var isUsual: Bool { settings.read == nil && settings.bodies == nil && settings.change == nil }

    /// - Throws: what the asker is told; nothing is thrown if it may.
    func check(_ right: ControlRight, _ peer: ControlPeer) throws(ControlFault) {
        switch peer {
        case .process(let credentials, let groups):
            guard isGranted(right, toUser: credentials.user, groups) else {
                throw refusal(right, ofUser: credentials.user)
            }
        case .telnet(_, let hasToken):
            guard hasToken || right == .nothing || right == .readState else {
                throw ControlFault(
                    "without a token telnet may read the state alone; name one as control.token-file in the settings, "
                        + "or ask on control.socket")
            }
        }
    }

    private func isGranted(_ right: ControlRight, toUser user: UInt32, _ groups: [UInt32]) -> Bool {
        if user == 0 || user == self.user { return true }
        let permission: Settings.Control.Permission?
        switch right {
        case .nothing: return true
        // The mode of the socket file has let the peer connect, or would have.
        case .readState where settings.read == nil: return isUsual || groups.contains(group)
        case .readState: permission = settings.read
        case .readBodies: permission = settings.bodies
        case .change: permission = settings.change
        }
        guard let permission else { return false }
        return permission.users.contains(user) || permission.groups.contains(where: groups.contains)
    }

    private func refusal(_ right: ControlRight, ofUser user: UInt32) -> ControlFault {
        let (what, key) =
            switch right {
            case .nothing, .change: ("do this", "change")
            case .readState: ("read the state", "read")
            case .readBodies: ("read notifications", "bodies")
            }
        return ControlFault(
            "user \(user) may not \(what); ask as root, as the user that belfryd runs as, or as one of those that "
                + "control.\(key) in the settings names")
    }
}
