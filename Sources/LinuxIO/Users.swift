// SPDX-License-Identifier: Apache-2.0
/// Users and groups by name.
/// Used by SettingsFile alone: it may load name services, which the broker itself never does.
/// Invariant: numbers are taken as they are, names only if the system knows them.

internal import Glibc

package struct UserRecord: Equatable, Sendable {
    package let name: String
    package let user: UInt32
    package let group: UInt32
    /// Supplementary groups, the first one included.
    package let groups: [UInt32]

    package init(name: String, user: UInt32, group: UInt32, groups: [UInt32]) {
        self.name = name
        self.user = user
        self.group = group
        self.groups = groups
    }
}

package enum Users {
    /// By name or by number; nil if there is no such user.
    package static func lookup(_ user: String) -> UserRecord? {
        unsafe withRecord(user) { entry in
            let name = unsafe String(cString: entry.pw_name)
            return unsafe UserRecord(
                name: name, user: entry.pw_uid, group: entry.pw_gid, groups: groups(of: name, first: entry.pw_gid))
        }
    }

    /// A group's number by name or by number; nil if there is no such group.
    package static func group(_ group: String) -> UInt32? {
        if let number = UInt32(group) { return number }
        return unsafe withRoom { room in
            var entry = unsafe Glibc.group()
            var found: UnsafeMutablePointer<Glibc.group>?
            // Holds: the room is lent for the call, and the number is copied out of it before it ends.
            let code = unsafe getgrnam_r(group, &entry, room.baseAddress!, room.count, &found)
            return (code, unsafe found == nil ? nil : entry.gr_gid)
        }
    }

    private static func withRecord(_ user: String, _ body: (passwd) -> UserRecord) -> UserRecord? {
        unsafe withRoom { room in
            var entry = unsafe passwd()
            var found: UnsafeMutablePointer<passwd>?
            // Holds: as above; `body` copies what it needs.
            let code =
                if let number = UInt32(user) {
                    unsafe getpwuid_r(number, &entry, room.baseAddress!, room.count, &found)
                } else {
                    unsafe getpwnam_r(user, &entry, room.baseAddress!, room.count, &found)
                }
            return (code, unsafe found == nil ? nil : body(entry))
        }
    }

    private static func groups(of name: String, first: UInt32) -> [UInt32] {
        var groups = [gid_t](repeating: 0, count: 64)
        while true {
            var count = CInt(groups.count)
            if unsafe getgrouplist(name, first, &groups, &count) >= 0 { return Array(groups.prefix(Int(count))) }
            groups = [gid_t](repeating: 0, count: max(Int(count), groups.count * 2))
        }
    }

    /// Lends a buffer that grows until the call stops saying ERANGE.
    private static func withRoom<Result>(
        _ body: (UnsafeMutableBufferPointer<CChar>) -> (code: CInt, result: Result?)
    ) -> Result? {
        var size = 4096
        while size <= 1 << 20 {
            let (code, result) = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: size) {
                unsafe body($0)
            }
            if code != ERANGE { return result }
            size *= 4
        }
        return nil
    }
}
