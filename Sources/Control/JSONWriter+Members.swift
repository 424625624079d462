// SPDX-License-Identifier: Apache-2.0
/// A member and its value in one call, as the reports need it.
///
/// Used by the JSON forms of both reports.
/// Invariant: one name, one value.

internal import Wire

extension JSONWriter {
    mutating func member(_ name: String, _ value: UInt64) {
        member(name)
        integer(value)
    }

    mutating func member(_ name: String, _ value: String) {
        member(name)
        string(value)
    }

    mutating func member(_ name: String, _ value: Bool) {
        member(name)
        bool(value)
    }

    mutating func member(_ name: String, orNull value: UInt64?) {
        guard let value else { return nullMember(name) }
        member(name, value)
    }

    mutating func member(_ name: String, orNull value: String?) {
        guard let value else { return nullMember(name) }
        member(name, value)
    }

    mutating func member(_ name: String, time: UInt64) { member(name, Timestamp.rfc3339(time)) }

    mutating func member(_ name: String, timeOrNull time: UInt64?) {
        guard let time else { return nullMember(name) }
        member(name, time: time)
    }

    private mutating func nullMember(_ name: String) {
        member(name)
        null()
    }
}
