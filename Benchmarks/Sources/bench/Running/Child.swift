// SPDX-License-Identifier: Apache-2.0
/// A process that the runner started: by argument vector, in a group of its own, with its output in a log.
///
/// Used for brokers, consumers and publishers alike.
/// Invariant: it is signalled only by its id, and only while it is not reaped, so that the id can be nobody else's.

import Foundation
import Synchronization

final class Child: Sendable {
    let name: String
    let pid: pid_t
    let log: URL
    private let status = Mutex<Int32?>(nil)

    /// `extra` is added to this process's environment.
    init(_ name: String, _ arguments: [String], log: URL, extra: [String: String] = [:]) throws {
        (self.name, self.log) = (name, log)
        pid = try Launch(arguments, log: log, extra: extra).start()
        Living.add(pid)
    }

    /// How it ended, once it has.
    func poll() -> Int32? {
        status.withLock { status in
            if let status { return status }
            var info = unsafe siginfo_t()
            // WNOWAIT: it stays a zombie, and its id its own, until its group is gone, too.
            guard unsafe waitid(P_PID, id_t(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0,
                unsafe info.si_signo == SIGCHLD
            else {
                return nil
            }
            kill(-pid, SIGKILL)
            var ending: Int32 = 0
            _ = unsafe waitpid(pid, &ending, 0)
            Living.remove(pid)
            status = ending
            return ending
        }
    }

    var isRunning: Bool { poll() == nil }

    /// Waits for a good end.
    func finish(within seconds: Double) throws {
        guard Self.wait(self, seconds) else {
            end(grace: 0.5)
            throw Trouble("\(name) did not end within \(Int(seconds)) s")
        }
        if let words = failure { throw Trouble("\(name) \(words)") }
    }

    /// Asks it to end, then makes it.
    func end(grace: Double = 5) {
        guard isRunning else { return }
        kill(pid, SIGTERM)
        if !Self.wait(self, grace) {
            kill(-pid, SIGKILL)
            _ = Self.wait(self, 5)
        }
    }

    private static func wait(_ child: Child, _ seconds: Double) -> Bool {
        bench.wait(seconds) { !child.isRunning }
    }

    /// In words, if it ended badly; the last line of its log says why.
    var failure: String? {
        guard let status = poll(), status != 0 else { return nil }
        let signal = status & 0x7f
        let how = signal == 0 ? "ended with \((status >> 8) & 0xff)" : "was ended by signal \(signal)"
        return lastWords.isEmpty ? how : "\(how): \(lastWords)"
    }

    var output: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }
    private var lastWords: String {
        output.split(separator: "\n").last { !$0.isEmpty }.map { String($0.prefix(200)) } ?? ""
    }
}

/// All processes that run now and the folders of their stages, for the end by Ctrl-C.
enum Living {
    private static let pids = Mutex<Set<pid_t>>([])
    private static let folders = Mutex<Set<URL>>([])

    static func add(_ pid: pid_t) { pids.withLock { _ = $0.insert(pid) } }
    static func remove(_ pid: pid_t) { pids.withLock { _ = $0.remove(pid) } }
    static func add(_ folder: URL) { folders.withLock { _ = $0.insert(folder) } }
    static func remove(_ folder: URL) { folders.withLock { _ = $0.remove(folder) } }

    /// The lock is held to the end, so that nothing more is started meanwhile.
    static func endAll() {
        pids.withLock { pids in
            for pid in pids { kill(pid, SIGTERM) }
            pause(0.5)
            for pid in pids { kill(-pid, SIGKILL) }
            folders.withLock { folders in
                for folder in folders { try? FileManager.default.removeItem(at: folder) }
            }
        }
    }
}
