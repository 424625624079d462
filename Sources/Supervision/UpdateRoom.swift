// SPDX-License-Identifier: Apache-2.0
/// Whether there is room for a second generation beside the one that runs, and for a trial before that: memory and disk.
///
/// Asked when an update begins: short of memory the kernel would kill processes, not only ours, and a trial on a full disk
/// would say nothing of the executable.
/// Invariant: without the kernel's word nothing is refused; what is tried on the disk is gone afterwards.

internal import Control
internal import LinuxIO

enum UpdateRoom {
    /// Bytes that a process of belfryd takes for itself, with a reserve; the ring is shared.
    private static let perProcess: UInt64 = 4 << 20
    /// Supervisor, acceptor, committer and keeper; and the trial's broker with its services.
    private static let beside = 4 + 8
    /// Bytes that a trial writes, with a reserve.
    private static let onDisk = 4 << 20

    /// - Parameters: `ring`: bytes of a second ring, if there will be one. `stored`: bytes that will be written to the disk.
    static func check(
        workers: Int, folder: String, ring: UInt64 = 0, stored: UInt64 = 0
    ) throws(ControlFault) {
        if let fault = memoryFault(workers: workers, ring: ring, left: FreeMemory.now()) { throw fault }
        do throws(SystemCallError) {
            try tryWriting(folder, onDisk + Int(clamping: stored))
        } catch {
            throw diskFault(error, folder)
        }
    }

    static func memoryFault(workers: Int, ring: UInt64 = 0, left: FreeMemory?) -> ControlFault? {
        let wanted = UInt64(workers + beside) * perProcess + ring
        guard let left, left.bytes < wanted else { return nil }
        return ControlFault(
            "two generations of belfryd at once may take \(HumanText.bytes(wanted)) more, \(left.words); "
                + "\(left.remedy), or stop belfryd and start the new one")
    }

    static func diskFault(_ error: SystemCallError, _ folder: String) -> ControlFault {
        error.isOutOfSpace
            ? ControlFault(
                "\(folder): there is no room for a trial (\(HumanText.bytes(UInt64(onDisk)))); make room on its file system"
            )
            : ControlFault("\(folder): no trial can be made there: \(error)")
    }

    private static func tryWriting(_ path: String, _ count: Int) throws(SystemCallError) {
        try FolderTree.remove(path)
        try Directory.make(path, mode: 0o700)
        defer { try? FolderTree.remove(path) }
        let file = try FileFolder(path).create("room")
        try File.allocate(file.raw, count)
    }
}
