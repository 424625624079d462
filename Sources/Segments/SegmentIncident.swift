// SPDX-License-Identifier: Apache-2.0
/// Something that was found wrong with the files, told in words.
///
/// Recovery finds them; the supervisor logs them and hands them to the keeper.
/// Invariant: `count` is how many records or deliveries are concerned, as far as can be told; what is in it, is in the
/// ledger too.

package struct SegmentIncident: Equatable, Sendable {
    package enum Kind: Sendable {
        /// Something that was on the disk can't be read.
        case corruption
        /// The end of the last file was not written whole: nothing in it was acked.
        case tornTail
        /// Only in memory when the supervisor was killed, and in no file.
        case lost
        /// Of a service's deliveries that the checkpoint knows of: the files are not there.
        case gone
        /// A file of another log, or of one that nothing is known of.
        case foreign
    }

    package let kind: Kind
    /// Where, and what; of what is lost or gone, the service.
    package let detail: String
    package let count: UInt64

    package init(_ kind: Kind, _ detail: String, count: UInt64 = 0) {
        self.kind = kind
        self.detail = detail
        self.count = count
    }
}
