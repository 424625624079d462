// SPDX-License-Identifier: Apache-2.0

/// The open connections, found by the place that an event or a timer names.
///
/// Used by Connections, which unwatches a connection and cancels its timer before it leaves, so that a place which is
/// taken again gets no event of the connection before.
/// Invariant: `count` is the number of places that are taken.
package struct ConnectionTable {
    private var places: [Connection?] = []
    private var free: [Int] = []
    package private(set) var count = 0

    package init() {}

    package subscript(place: Int) -> Connection? { place < places.count ? places[place] : nil }

    /// The place that the next connection to be added must be made with.
    package mutating func vacancy() -> Int {
        if free.isEmpty {
            places.append(nil)
            free.append(places.count - 1)
        }
        return free[free.count - 1]
    }

    package mutating func add(_ connection: Connection) {
        precondition(free.last == connection.place, "a connection made with a place that was taken meanwhile")
        free.removeLast()
        places[connection.place] = connection
        count += 1
    }

    package mutating func remove(_ connection: Connection) {
        guard self[connection.place] === connection else { return }
        places[connection.place] = nil
        free.append(connection.place)
        count -= 1
    }

    /// All of them, as they are now.
    package var all: [Connection] { places.compactMap { $0 } }
}
