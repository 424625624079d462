// SPDX-License-Identifier: Apache-2.0
/// Starts a process with posix_spawn: no shell, stdin from /dev/null, stdout and stderr into a log.
///
/// Used by Child alone.
/// Invariant: the process gets a clean signal mask and default signals; the runner's own files are all close-on-exec;
/// and it does not outlive the runner.

import Foundation

struct Launch {
    private let arguments: [String]
    private let log: URL
    private let environment: [String]

    /// From util-linux: has the kernel end the process when the runner ends without having had time to, by SIGKILL. The
    /// runner launches from its first thread, which lives as long as itself.
    private static let guarded = ["/usr/bin/setpriv", "--pdeathsig", "KILL"]

    init(_ arguments: [String], log: URL, extra: [String: String]) {
        self.log = log
        let canGuard = FileManager.default.isExecutableFile(atPath: Self.guarded[0])
        self.arguments = canGuard ? Self.guarded + arguments : arguments
        environment = ProcessInfo.processInfo.environment.merging(extra) { $1 }.map { "\($0.key)=\($0.value)" }
    }

    func start() throws -> pid_t {
        var files = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&files)
        defer { unsafe posix_spawn_file_actions_destroy(&files) }
        unsafe posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_addopen(&files, 1, log.path, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        unsafe posix_spawn_file_actions_adddup2(&files, 1, 2)

        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        unsafe sigfillset(&signals)
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))

        var pid: pid_t = 0
        // Holds: both arrays of C strings live until they are freed below, and the call does not keep them.
        var vector = unsafe (arguments.map { unsafe strdup($0) } + [nil])
        var variables = unsafe (environment.map { unsafe strdup($0) } + [nil])
        defer { unsafe (vector + variables).forEach { unsafe free($0) } }
        let result = unsafe posix_spawn(&pid, arguments[0], &files, &attributes, &vector, &variables)
        guard result == 0 else { throw Trouble("\(arguments[0]): \(unsafe String(cString: strerror(result)))") }
        return pid
    }
}
