// SPDX-License-Identifier: Apache-2.0
/// Why belfryd can't start, in words for the one who started it: what is wrong, who is in the way, what to do.
///
/// Thrown by every step before the first role is launched; the entry point prints it and exits with 1.
/// Invariant: the sentence names the folder, address or file that it is about.

package struct StartFault: Error, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ sentence: String) { description = sentence }
}
