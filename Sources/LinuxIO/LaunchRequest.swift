// SPDX-License-Identifier: Apache-2.0
/// What a program to be started is to find: arguments, environment, descriptors, user, limits. Plain values, made from
/// the settings by Delivery and Supervision; LaunchPlan turns it into the form that the kernel takes.
/// Invariant: nothing is inherited but what stands here; descriptors 0-2 that are not named are /dev/null.

package struct LaunchRequest: Sendable {
    package struct Credentials: Equatable, Sendable {
        package var user: UInt32
        package var group: UInt32
        package var groups: [UInt32]

        package init(user: UInt32, group: UInt32, groups: [UInt32]) {
            self.user = user
            self.group = group
            self.groups = groups
        }
    }

    /// The file to execute; no PATH is searched.
    package var path: String
    /// All of them, the program's own name first.
    package var arguments: [String]
    /// "NAME=value" each.
    package var environment: [String]
    package var directory: String?
    /// Which of our descriptors becomes which of the child's. A target stands here once.
    package var descriptors: [(source: CInt, target: CInt)]
    /// Names for the targets 3, 4, … in order: sets LISTEN_FDS, LISTEN_FDNAMES and LISTEN_PID.
    package var listenNames: [String]?
    package var credentials: Credentials?
    package var limits: [(resource: CInt, soft: UInt64, hard: UInt64)]
    /// A process group of its own, with the child's pid as its number.
    package var processGroup: Bool
    /// Comes to the child when the thread that launched it ends.
    package var parentDeathSignal: CInt?
    /// A child of our parent (systemd, a shell) and not of ours, so that it may outlive us as what we are. Its end makes
    /// its pidfd readable as any, but its parent alone can reap it. Not for process 1, and not with a death signal.
    package var asSibling: Bool

    package init(
        path: String, arguments: [String], environment: [String] = [], directory: String? = nil,
        descriptors: [(source: CInt, target: CInt)] = [], listenNames: [String]? = nil,
        credentials: Credentials? = nil, limits: [(resource: CInt, soft: UInt64, hard: UInt64)] = [],
        processGroup: Bool = true, parentDeathSignal: CInt? = nil, asSibling: Bool = false
    ) {
        self.path = path
        self.arguments = arguments
        self.environment = environment
        self.directory = directory
        self.descriptors = descriptors
        self.listenNames = listenNames
        self.credentials = credentials
        self.limits = limits
        self.processGroup = processGroup
        self.parentDeathSignal = parentDeathSignal
        self.asSibling = asSibling
    }
}
