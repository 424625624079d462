// SPDX-License-Identifier: Apache-2.0
/// What the supervisor knows of the keeper: its process, if there is one, who wants it, and what was asked of it.
///
/// Held by the Supervisor; what is done with it is in Supervisor+Keeper.
/// Invariant: a question is answered once, or its connection ends; who wants the keeper stands here until it has a socket.

internal import Control
internal import LinuxIO

final class KeeperDesk {
    struct Question {
        let ticket: ControlTicket
        let words: KeeperQuestion
        /// It has gone to the process that runs now.
        var isSent = false
    }

    let executable: String
    let folder: String
    var process: RoleProcess?
    var isReady = false
    /// Processes that were started, less those that left by themselves.
    var restarts: UInt64 = 0
    /// Ends in a row that came before it was ready.
    var failures = 0
    /// It is not started again before this (monotonic ns); 0: it may be.
    var pausedUntil: UInt64 = 0
    /// Why it can't keep anything, in its own words, or why it could not be started; empty if it can.
    var trouble = ""
    /// Why the process that runs can't get ready, in its own words; empty if it has said nothing.
    var lastWords = ""
    /// Workers that have dead letters for it, and an acceptor that does not know it yet.
    var wanting: Set<Role> = []
    var questions: [Question] = []
    /// It is to look at what an earlier one has left: replays under way. True until one is ready.
    var isDue: Bool
    /// The acceptor's process that has a socket of the present keeper.
    var acceptor: CInt?

    init(executable: String, folder: String) {
        self.executable = executable
        self.folder = folder
        // What is in the store is the keeper's alone to know.
        isDue = File.exists(folder + "/store.sqlite")
    }

    var isWanted: Bool { isDue || !wanting.isEmpty || !questions.isEmpty }
}
