// SPDX-License-Identifier: Apache-2.0
/// A small disk for a broker's state folder: a tmpfs in a mount namespace that a sleeping process keeps, so that it
/// outlives a belfryd that is killed. Used by OverloadTests and Soak. Only root can make one.
/// Invariant: nobody sees the disk but the broker and who asks for it here; it is gone with this value.

import Foundation
import LinuxIO
import Testing

final class SmallDisk {
    private let scratch: Scratch
    private let folder: String
    private let holder: Program

    /// It lies on the scratch folder's `state`, where Broker has its own.
    init(_ kibibytes: Int, in scratch: Scratch) throws {
        self.scratch = scratch
        let folder = scratch.file("state")
        self.folder = folder
        try LinuxIO.Directory.make(folder)
        let script =
            "mount -t tmpfs -o size=\(kibibytes)k,mode=700 none \"$0\" "
            + "&& exec sleep infinity </dev/null >/dev/null 2>&1"
        let holder = try Program("unshare", ["-m", "sh", "-c", script, folder], in: scratch)
        self.holder = holder
        let isThere: Bool = try scratch.poll("a small disk") {
            let bytes = (try? File.read("/proc/\(holder.pid)/mountinfo", limit: 1 << 20)) ?? []
            let isMounted = String(decoding: bytes, as: UTF8.self).contains(" \(folder) ")
            return isMounted ? true : holder.hasEnded ? false : nil
        }
        guard isThere else { throw NotMounted(errors: holder.errors) }
    }

    struct NotMounted: Error { let errors: String }

    /// Belfryd that has this disk.
    func belfryd() throws -> String {
        try scratch.wrapper("exec nsenter --mount=/proc/\(holder.pid)/ns/mnt \"$BELFRYD\" \"$@\"")
    }

    /// The broker's state folder, as the broker has it.
    var path: String { "/proc/\(holder.pid)/root\(folder)" }
    /// The file that takes what is left.
    private var filler: String { "\(path)/filler" }

    func fill() throws {
        let words = ["if=/dev/zero", "of=\(filler)", "bs=256k", "oflag=append", "conv=notrunc"]
        let filled = try scratch.run("dd", words)
        #expect(filled.errors.contains("No space left"), "\(filled.errors)")
    }

    func empty() throws { try FileManager.default.removeItem(atPath: filler) }

    static let canBeMade: Bool = {
        guard CurrentProcess.user == 0, let scratch = try? Scratch() else { return false }
        return (try? SmallDisk(64, in: scratch)) != nil
    }()
}
