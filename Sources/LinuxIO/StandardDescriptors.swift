// SPDX-License-Identifier: Apache-2.0
/// Descriptors 0, 1 and 2, which a careless parent may have closed (`belfry status >&-`).
/// Used by the command-line tool before it opens anything.
/// Invariant: afterwards no descriptor that is opened is 0, 1 or 2, so that nothing meant for stdout is written to a
/// socket or a file.

internal import Glibc

package enum StandardDescriptors {
    /// What is missing becomes the null device, opened the wrong way round: reading from stdin and writing to stdout
    /// still fail, as they should.
    package static func reserve() {
        for (raw, mode) in [(CInt(0), O_WRONLY), (1, O_RDONLY), (2, O_RDONLY)] where !Descriptor.isOpen(raw) {
            // The lowest free number is the one that is missing.
            _ = unsafe open("/dev/null", mode)
        }
    }
}
