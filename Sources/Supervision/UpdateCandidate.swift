// SPDX-License-Identifier: Apache-2.0
/// The executable that an update names, opened once: what is examined is what is started, whatever lies at its path later.
///
/// Made by the Supervisor when an update begins. What it is, `belfryd examine` finds out; here is what a name and a look at
/// the file tell.
/// Invariant: every refusal names the path as the operator gave it, and comes before anything is touched.

internal import Control
internal import Glibc
internal import LinuxIO

final class UpdateCandidate {
    /// As the operator named it.
    let path: String
    /// Where the file lies, without symbolic links.
    let place: String
    private let file: Descriptor
    private let facts: File.Facts

    init(_ path: String) throws(ControlFault) {
        self.path = path
        do throws(SystemCallError) {
            file = try File.openToExamine(path)
            facts = try File.facts(of: file.raw)
            place = try File.linkTarget("/proc/self/fd/\(file.raw)")
        } catch {
            throw Self.fault(error, path)
        }
        guard facts.isRegular else {
            throw ControlFault("\(path): is no file that could be executed; name the new belfryd itself")
        }
        guard File.isExecutable("/proc/self/fd/\(file.raw)") else {
            throw ControlFault(
                "\(path): user \(CurrentProcess.user) may not execute it; chmod +x, or a file system without noexec, "
                    + "would help")
        }
    }

    var raw: CInt { file.raw }

    /// For execve: the file that was opened, not the name.
    var program: String { "/proc/self/fd/\(file.raw)" }

    /// Why a belfryd can't work where this one lies; nil if it can. Of no use to who has named something else.
    var placeFault: ControlFault? {
        // The command-line tool of the same build.
        let tool: String = place[...(place.lastIndex(of: "/") ?? place.startIndex)] + "belfry"
        guard !File.isExecutable(tool) else { return nil }
        return ControlFault(
            "\(path): there is no belfry beside it (\(tool)), which reads the settings and keeps dead letters; "
                + "install both executables in one folder")
    }

    /// Whether nobody has written to it since it was opened.
    var isUnchanged: Bool { (try? File.facts(of: file.raw)) == facts }

    private static func fault(_ error: SystemCallError, _ path: String) -> ControlFault {
        switch error.code {
        case ENOENT, ENOTDIR: ControlFault("\(path): there is no such file; give the full path of the new belfryd")
        case EACCES: ControlFault("\(path): user \(CurrentProcess.user), as whom belfryd runs, may not read it")
        default: ControlFault("\(path): can't be opened: \(error)")
        }
    }
}
