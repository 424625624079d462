// SPDX-License-Identifier: Apache-2.0
/// The names under which descriptors pass from one generation to the next: the service's own, and those of the library.
///
/// Used by Generation and Successor.
/// Invariant: a name of the service's is one that systemd accepts too (FileDescriptorName=), and none of the library's.

enum InheritedName {
    static let maximumLength = 255

    /// The younger generation's end of the channel.
    static let channel = "hot-restart.channel"
    /// A generation that is older than the one that starts, as a pidfd.
    static let generation = "hot-restart.generation"
    /// The number of the generation that starts stands in this variable.
    static let number = "HOT_RESTART_GENERATION"

    static func check(_ name: String) throws(GenerationError) {
        let isPlain = name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }
        guard isPlain, (1...maximumLength).contains(name.utf8.count), name != channel, name != generation else {
            throw .name(name)
        }
    }
}
