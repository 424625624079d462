// SPDX-License-Identifier: Apache-2.0
/// Why a service can't be given a place in the ring, in words for the operator.
///
/// Thrown by SlotTable; printed at the start, or answered to who asked for a reload.
/// Invariant: says what would help; what retires is named if it is a part of the trouble.

internal import Ring

package enum SlotFault: Error, Equatable, CustomStringConvertible {
    case noSlot(String, retiring: Int)
    /// The in-flight tables have no room for so many places in a row.
    case noRoom(String, wanted: Int, retiring: Int)

    package var description: String {
        switch self {
        case .noSlot(let service, let retiring):
            "service \(service): all \(RingGeometry.slots) slots are taken" + Self.told(retiring, else: "")
        case .noRoom(let service, let wanted, let retiring):
            "service \(service): asks for \(wanted) places in the in-flight tables, of whose "
                + "\(RingGeometry.tableEntries) the others leave no such room"
                + Self.told(retiring, else: ": lower in-flight, concurrency, instances or lanes")
        }
    }

    private static func told(_ retiring: Int, else other: String) -> String {
        retiring == 0
            ? other : ", \(retiring) of them by services that retire: try again when they have delivered what they have"
    }
}
