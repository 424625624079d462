// SPDX-License-Identifier: Apache-2.0
/// What belongs to a role and outlives its process: its page (R4), its bell, and how its processes have fared.
///
/// Held by the Supervisor for each role; a role's successor gets the same page and bell.
/// Invariant: the supervisor only reads the page, from the role's start until its last process is dead.

internal import LinuxIO
internal import Ring

final class RoleDesk {
    let role: Role
    let pageFile: MemoryFile
    /// For the other roles, who may look but not write.
    let pageReader: Descriptor
    let page: ProcessPage
    let bell: EventCounter
    /// The process, while there is one that has not been reaped.
    var process: RoleProcess?
    /// Processes that were started after the first.
    var restarts: UInt64 = 0
    var hasRun = false
    /// Why the present process was killed, if it was, by us.
    var reasonKilled: String?
    /// Why it can't do its work, in its own words; empty if it can.
    var trouble = ""

    init(_ role: Role) throws {
        self.role = role
        pageFile = try MemoryFile(named: "belfry-page-\(role.place)", size: ProcessPage.size)
        pageReader = try pageFile.readOnlyDescriptor()
        page = try ProcessPage(try MemoryFile.map(pageReader.raw, writable: false))
        bell = try EventCounter()
    }

    /// Goes on with those of a predecessor.
    init(_ role: Role, adopting file: consuming MemoryFile, bell: consuming EventCounter) throws {
        self.role = role
        pageReader = try file.readOnlyDescriptor()
        page = try ProcessPage(try MemoryFile.map(pageReader.raw, writable: false))
        pageFile = file
        self.bell = bell
    }

    /// Its process is dead and has no successor: nobody is to be woken any more.
    func stopSleeping() {
        // A page that can't be mapped only costs a bell that nobody hears.
        guard let memory = try? MemoryFile.map(pageFile.descriptor.raw, writable: true) else { return }
        try? ProcessPage(memory).awake()
    }

    /// The committer's: all below `sequence` is durable, or need not be.
    func beginCommitting(at sequence: UInt64) throws {
        try CommitterPage(try MemoryFile.map(pageFile.descriptor.raw, writable: true)).commit(to: sequence)
    }
}
