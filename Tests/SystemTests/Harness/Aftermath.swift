// SPDX-License-Identifier: Apache-2.0
/// Ends what a killed test run leaves: nobody lets go of its Scratch folders any more, and their belfryds would serve on;
/// and when only `swift test` is killed, the tests themselves.
/// Used by Scratch, which names each of its folders here.
/// Invariant: nothing happens before this value or its process is gone, and then only to folders that were named here and
/// are still there.

import LinuxIO

final class Aftermath: Sendable {
    /// What stands behind this process.
    static let ofThisRun: Aftermath? = {
        try? DetachedThread.start(named: "starter") { endWithStarter(CurrentProcess.parent) }
        return try? Aftermath()
    }()

    private let folders: Descriptor

    /// A shell in the background reads the folders: its input ends with us, however we end.
    init() throws {
        let pipe = try Descriptor.pipe()
        // In a process group of its own: what is sent to ours does not reach it.
        let plan = try LaunchPlan(
            LaunchRequest(
                path: "/bin/sh", arguments: ["sh", "-c", Self.script], environment: ["PATH=/usr/bin:/bin"],
                descriptors: [(pipe.reading.raw, 3)]))
        let shell = try plan.launch()
        _ = try Deadline.after().wait(on: shell.raw)
        guard shell.reap() == .exited(0) else { throw TimedOut("a shell in the background") }
        folders = try pipe.writing.duplicate()
    }

    /// If the folder is there at our end, it is removed; whoever names it on the command line, or has something of it
    /// open, mounted or as its own folder, is ended before.
    func include(_ folder: String) throws {
        // All of a line at once: several tests write here.
        try File.write(folders.raw, Array("\(folder)\n".utf8).span)
    }

    /// `swift test` gives us a process group of our own: whoever kills it, or its group, does not reach us.
    private static func endWithStarter(_ pid: CInt) {
        guard (try? File.read("/proc/\(pid)/comm", limit: 100)) == Array("swift-test\n".utf8),
            let starter = try? ProcessDescriptor(pid: pid), let own = try? ProcessDescriptor(pid: CurrentProcess.pid),
            (try? Deadline.after(.seconds(1_000_000)).wait(on: starter.raw)) == true
        else { return }
        own.send(Signal.kill)
    }

    /// It looks several times, as whoever was found may just have started another.
    private static let script = #"""
        users() {
            grep -lsaF "$left" /proc/[0-9]*/cmdline /proc/[0-9]*/mountinfo
            find /proc/[0-9]*/cwd /proc/[0-9]*/fd -maxdepth 1 -type l -printf '%p %l\n' | grep -F "$left"
        }
        {
            while read -r folder; do all="$all $folder"; done <&3
            for folder in $all; do if [ -d "$folder" ]; then left="${left:+$left
        }$folder"; fi; done
            [ "$left" ] || exit 0
            for round in 1 2 3; do kill -KILL $(users | cut -d / -f 3 | sort -u); done
            rm -rf $left
        } 2>/dev/null &
        """#
}
