// SPDX-License-Identifier: Apache-2.0
/// What a control group (cgroup v2) allows its processes to take of the memory together: `MemoryMax=` of a systemd unit or
/// slice, the limit of a container. Beyond it the kernel kills in the group, however much the machine has left.
///
/// Read by FreeMemory: of our own group and of all those around it, as each one's limit holds for what lies in it.
/// Invariant: a file that is absent or says "max" is no limit; what the kernel can take back counts as left.

struct MemoryLimit: Equatable {
    /// As /proc/self/cgroup names it; "/" is the outermost that we see.
    var group: String
    var bytes: UInt64
    /// Without pages of files: those give way.
    var used: UInt64

    var left: UInt64 { bytes - min(bytes, used) }

    /// Only inside of a container does the outermost group have a limit.
    var name: String { group == "/" ? "this container" : group }

    /// Of those groups that have one.
    static func all(of groups: [String], under root: String = "/sys/fs/cgroup") -> [MemoryLimit] {
        groups.compactMap { group in
            let folder = root + (group == "/" ? "" : group)
            return MemoryLimit(
                group, max: FreeMemory.text("\(folder)/memory.max"),
                current: FreeMemory.text("\(folder)/memory.current"),
                stat: FreeMemory.text("\(folder)/memory.stat"))
        }
    }

    /// Our own group and those around it, out of /proc/self/cgroup: the line of version 2 is "0::/outer/inner".
    static func groups(_ cgroup: String) -> [String] {
        guard let line = cgroup.split(separator: "\n").first(where: { $0.hasPrefix("0::/") }) else { return [] }
        let names = line.dropFirst(4).split(separator: "/")
        return (0...names.count).reversed().map { "/" + names.prefix($0).joined(separator: "/") }
    }

    init?(_ group: String, max: String, current: String, stat: String) {
        guard let bytes = Self.number(max), let current = Self.number(current) else { return nil }
        let files = Self.number(stat, of: "inactive_file") + Self.number(stat, of: "active_file")
        self.group = group
        self.bytes = bytes
        used = current - min(current, files)
    }

    private static func number(_ text: String) -> UInt64? { text.split(separator: "\n").first.flatMap { UInt64($0) } }

    /// 0 if it is not told.
    private static func number(_ stat: String, of field: String) -> UInt64 {
        let line = stat.split(separator: "\n").first { $0.hasPrefix("\(field) ") }
        return line.flatMap { UInt64($0.dropFirst(field.utf8.count + 1)) } ?? 0
    }
}
