// SPDX-License-Identifier: Apache-2.0
/// A service slot as bytes: in the log's slot batches and in checkpoints.
///
/// Invariant: what is read back is a slot that the ring accepts, or nothing.

package import LinuxIO
internal import Ring

enum SlotCoding {
    /// Bytes of a slot with the shortest name.
    static let least = 62

    static func append(_ slot: ServiceSlot, at index: Int, isPaused: Bool, to out: ByteBuffer) {
        out.append(littleEndian: UInt8(index))
        out.append(littleEndian: UInt8(slot.state.rawValue))
        out.append(littleEndian: UInt8(slot.order.rawValue))
        out.append(littleEndian: UInt8(isPaused ? 1 : 0))
        for number in [slot.incarnation, slot.since, slot.retiringAt, slot.matchedBefore] {
            out.append(littleEndian: number)
        }
        for number in [slot.shards, slot.tableStart, slot.tableCapacity] { out.append(littleEndian: UInt32(number)) }
        out.append(text: slot.name)
    }

    static func read(_ bytes: Span<UInt8>, _ fields: inout FieldReader) -> Checkpoint.Slot {
        let index = Int(fields.uint8(bytes))
        let state = ServiceSlot.State(rawValue: UInt32(fields.uint8(bytes)))
        let order = ServiceSlot.Order(rawValue: UInt32(fields.uint8(bytes)))
        let isPaused = fields.flag(bytes)
        let (incarnation, since) = (fields.number(bytes), fields.number(bytes))
        let (retiringAt, matchedBefore) = (fields.uint64(bytes), fields.number(bytes))
        let (shards, start, capacity) = (fields.uint32(bytes), fields.uint32(bytes), fields.uint32(bytes))
        var slot = ServiceSlot(
            name: fields.text(bytes), order: order ?? .none, incarnation: incarnation, since: since,
            shards: Int(shards), tableStart: Int(start), tableCapacity: Int(capacity))
        slot.state = state ?? .free
        slot.retiringAt = retiringAt
        slot.matchedBefore = matchedBefore
        if order == nil || slot.state == .free || index >= RingGeometry.slots || !slot.isValid { fields.fail() }
        var found = Checkpoint.Slot(index: index, slot: slot, shards: [])
        found.isPaused = isPaused
        return found
    }
}

extension ByteBuffer {
    package func append(text: String) {
        let bytes = Array(text.utf8)
        append(littleEndian: UInt32(bytes.count))
        append(bytes)
    }

    package func append<Element>(list: [Element], _ each: (ByteBuffer, Element) -> Void) {
        append(littleEndian: UInt32(list.count))
        for element in list { each(self, element) }
    }
}
