// SPDX-License-Identifier: Apache-2.0
/// A descriptor that goes by a name: what passes from one generation to the next.
///
/// Used by Generation, Successor and Predecessor.
/// Invariant: it is open as long as somebody holds the value.

internal import LinuxIO

final class NamedDescriptor: Sendable {
    let name: String
    private let descriptor: Descriptor
    var raw: CInt { descriptor.raw }

    init(_ name: String, _ descriptor: consuming Descriptor) {
        self.name = name
        self.descriptor = descriptor
    }

    init(_ name: String, owning raw: CInt) {
        self.name = name
        descriptor = Descriptor(owning: raw)
    }

    /// A second descriptor of the same open description; the one given stays its owner's.
    init(_ name: String, duplicating raw: CInt) throws(GenerationError) {
        self.name = name
        do throws(SystemCallError) {
            descriptor = try Descriptor.duplicate(raw)
        } catch {
            throw GenerationError(error)
        }
    }

    /// One more, for somebody who closes it.
    func giveDuplicate() throws(GenerationError) -> CInt {
        do throws(SystemCallError) {
            return try descriptor.duplicate().release()
        } catch {
            throw GenerationError(error)
        }
    }
}
