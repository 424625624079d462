// SPDX-License-Identifier: Apache-2.0
/// A service's state on its way from one generation to the next.
///
/// Given to Generation.hand and returned by Generation.takeState.
/// Invariant: what it is made of lies in memory and descriptors alone, never in a file that a crash could leave behind.

/// The state that a predecessor has handed over.
public struct HandedState: Sendable {
    /// Whatever the predecessor gave, in whatever form the two agree upon. A later version of the service may read what an
    /// earlier one wrote, so begin with a version.
    public let bytes: [UInt8]
    /// Descriptors that came with it, in the order in which they were given: connections, files. They are yours to close.
    public let descriptors: [(name: String, descriptor: CInt)]
}
