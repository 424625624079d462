// SPDX-License-Identifier: Apache-2.0
/// Descriptors that came with the start of this process, by name: from systemd, from a predecessor, or from our own
/// supervisor; all three speak LISTEN_FDS and LISTEN_FDNAMES. Used by every role at its start.
/// Go by name, never by place: the order is not the same from start to start.
/// Invariant: each descriptor is given out once, closed on exec; what nobody took is closed with this value.

internal import CSystemd
internal import Glibc
package import LinuxIO

package enum InheritError: Error, Equatable, CustomStringConvertible {
    /// The environment speaks of descriptors in a way that can't be right.
    case unreadable(CInt)
    /// Descriptors came that nobody wants.
    case unexpected([String])
    case missing(String)

    package var description: String {
        switch self {
        case .unreadable(let code): "LISTEN_FDS, LISTEN_FDNAMES: \(SystemCallError.reason(code))"
        case .unexpected(let names): "unexpected inherited descriptors: \(names.joined(separator: ", "))"
        case .missing(let name): "no descriptor named \(name) was handed over"
        }
    }
}

package final class InheritedDescriptors {
    private var remaining: [(name: String, raw: CInt)]

    /// Takes what the environment of this process holds, and wipes it from there, so that nobody below us takes it for
    /// theirs. Once, at the start, before there are threads. Empty when there is nothing.
    package static func adopt() throws(InheritError) -> InheritedDescriptors {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = unsafe sd_listen_fds_with_names(1, &names)
        guard count >= 0 else { throw .unreadable(-count) }
        var found: [(String, CInt)] = []
        for index in 0..<Int(count) {
            // Holds: the library returns as many names as descriptors; each one and the list are ours to free.
            let name = unsafe names?[index].map { unsafe String(cString: $0) } ?? ""
            unsafe free(names?[index])
            found.append((name, SD_LISTEN_FDS_START + CInt(index)))
        }
        unsafe free(names)
        return InheritedDescriptors(found)
    }

    private init(_ found: [(String, CInt)]) { remaining = found.map { (name: $0.0, raw: $0.1) } }

    deinit { for (_, raw) in remaining { _ = Descriptor(owning: raw) } }

    /// The names of those not taken yet, each as often as it is there.
    package var names: [String] { remaining.map(\.name) }

    /// The first descriptor of that name.
    package func take(_ name: String) -> Descriptor? { take { found, _ in found == name } }

    /// The first descriptor of that name and kind: one unit of systemd may hold a UDP and a TCP socket.
    package func take(_ name: String, _ kind: SocketKind) -> Descriptor? {
        take { found, raw in found == name && SocketFacts.kind(of: raw) == kind }
    }

    /// The first descriptor of that name, of that type if one is said.
    func take(_ name: String, _ type: SocketType?) -> Descriptor? {
        take { found, raw in found == name && type.map { $0 == SocketType(of: raw) } != false }
    }

    package func require(_ name: String) throws(InheritError) -> Descriptor {
        guard let descriptor = take(name) else { throw .missing(name) }
        return descriptor
    }

    /// To be called when all that is known was taken: what is left is a mistake of whoever started us.
    package func finish() throws(InheritError) {
        if !remaining.isEmpty { throw .unexpected(names) }
    }

    private func take(_ wanted: (String, CInt) -> Bool) -> Descriptor? {
        guard let place = remaining.firstIndex(where: { wanted($0.name, $0.raw) }) else { return nil }
        return Descriptor(owning: remaining.remove(at: place).raw)
    }
}
