// SPDX-License-Identifier: Apache-2.0

/// A notification that a service did not take, whole, as it goes to the keeper and comes back from it.
///
/// Sent by workers as a dead letter, by the keeper as a replay.
/// Invariant: what a service gets of a replay is what it got of the message at first: nothing of it is left out.
package struct KeptMessage: Equatable, Sendable {
    package var service: String
    /// As the service knows it; that of the first delivery, however often it was replayed.
    package var id: MessageID
    /// When it was received, ns since 1970.
    package var time: UInt64
    /// As a WireProtocol and a DecodedMessage.Kind.
    package var wireProtocol: UInt8
    package var decodedKind: UInt8
    package var topic: [UInt8]
    package var source: [UInt8]
    package var decoded: [UInt8]
    package var body: [UInt8]

    package init(
        service: String, id: MessageID, time: UInt64, wireProtocol: UInt8, decodedKind: UInt8, topic: [UInt8],
        source: [UInt8], decoded: [UInt8], body: [UInt8]
    ) {
        self.service = service
        self.id = id
        self.time = time
        self.wireProtocol = wireProtocol
        self.decodedKind = decodedKind
        self.topic = topic
        self.source = source
        self.decoded = decoded
        self.body = body
    }
}

/// Why a message became a dead letter, and after how much.
package struct Failings: Equatable, Sendable {
    package var attempts: UInt32
    /// Of the first and of the last failure, ns since 1970.
    package var first: UInt64
    package var last: UInt64
    /// In the words of `belfry services`; they may be what a service said.
    package var reason: String

    package init(attempts: UInt32, first: UInt64, last: UInt64, reason: String) {
        self.attempts = attempts
        self.first = first
        self.last = last
        self.reason = reason
    }
}

/// Something else that the keeper writes down, for the supervisor.
package struct KeptNote: Equatable, Sendable {
    package enum Kind: UInt8, CaseIterable, Sendable {
        /// `code`: which kind of incident; `subject`: what it happened to.
        case incident = 1
        /// `detail`: the ledger, as JSON.
        case ledger = 2
        /// `subject`: who did it.
        case audit = 3
        /// A restart or an update. `time`: when it began, which tells it from others: one note takes the place of another.
        /// `subject`: who asked for it; `detail`: its record, as JSON.
        case update = 4
    }

    package var kind: Kind
    package var code: UInt8
    /// ns since 1970.
    package var time: UInt64
    package var count: UInt64
    package var subject: String
    package var detail: String

    package init(_ kind: Kind, code: UInt8 = 0, time: UInt64, count: UInt64 = 1, subject: String, detail: String) {
        self.kind = kind
        self.code = code
        self.time = time
        self.count = count
        self.subject = subject
        self.detail = detail
    }
}
