// SPDX-License-Identifier: Apache-2.0
/// Host names to addresses.
/// Used by the command-line tool and client libraries alone: it may ask the network and wait.
/// Invariant: the addresses come in the order in which the system wants them tried.

internal import CLinux
internal import Glibc

/// A name that could not be resolved, with the resolver's own words.
package struct ResolveError: Error, CustomStringConvertible {
    package let host: String
    package let reason: String
    package var description: String { "\(host): \(reason)" }
}

package enum SocketNames {
    package static func resolve(_ host: String, port: UInt16) throws(ResolveError) -> [SocketAddress] {
        if let address = SocketAddress(numeric: host, port: port) { return [address] }
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(host, "\(port)", &hints, &list)
        guard code == 0 else {
            throw ResolveError(host: host, reason: SystemCallError.clause(unsafe String(cString: gai_strerror(code))))
        }
        defer { unsafe freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = unsafe list
        // Holds: the list is the C library's own until freeaddrinfo, and each entry names its length.
        while let entry = unsafe next {
            let bytes = unsafe UnsafeRawBufferPointer(
                start: entry.pointee.ai_addr, count: Int(entry.pointee.ai_addrlen))
            if let address = unsafe SocketAddress(bytes) { addresses.append(address) }
            unsafe next = entry.pointee.ai_next
        }
        return addresses
    }
}
