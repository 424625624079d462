// SPDX-License-Identifier: Apache-2.0
/// What the machine must be asked while a configuration is read: users, groups, programs.
///
/// `belfry` passes `.machine`, tests a made-up one.
/// Invariant: asking changes nothing.

package import LinuxIO

package struct SystemNames: Sendable {
    package var user: @Sendable (String) -> UserRecord?
    package var group: @Sendable (String) -> UInt32?
    package var isExecutable: @Sendable (String) -> Bool
    /// Folders in which a program without a slash is looked for, only to suggest its full path.
    package var path: [String]
    /// The user that services are started by; only root (0) can start them as somebody else.
    package var ownUser: UInt32

    package init(
        user: @escaping @Sendable (String) -> UserRecord?, group: @escaping @Sendable (String) -> UInt32?,
        isExecutable: @escaping @Sendable (String) -> Bool, path: [String], ownUser: UInt32
    ) {
        self.user = user
        self.group = group
        self.isExecutable = isExecutable
        self.path = path
        self.ownUser = ownUser
    }

    package static var machine: SystemNames {
        SystemNames(
            user: { Users.lookup($0) }, group: { Users.group($0) }, isExecutable: { File.isExecutable($0) },
            path: (CurrentProcess.environment("PATH") ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
                .map(String.init),
            ownUser: CurrentProcess.user)
    }
}
