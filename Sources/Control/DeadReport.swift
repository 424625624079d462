// SPDX-License-Identifier: Apache-2.0
/// Dead letters: what `dead list` shows, and with what they say `dead show`.
///
/// Filled in by the keeper; shown by `belfry dead`.
/// Invariant: a body is there only if somebody asked for it who may read it; times are nanoseconds since 1970.

package import Wire

package struct DeadReport: Report, Equatable {
    package struct Letter: Equatable, Sendable {
        /// Its number in the store: short, and never given twice.
        package var id: UInt64 = 0
        package var service = ""
        /// The notification's id, as its service knows it.
        package var message = ""
        package var topic = ""
        package var source = ""
        package var wireProtocol = ""
        package var received: UInt64 = 0
        package var attempts: UInt64 = 0
        package var firstFailure: UInt64 = 0
        package var lastFailure: UInt64 = 0
        package var reason = ""
        /// Bytes of the body.
        package var size: UInt64 = 0
        /// It is on its way to be delivered again.
        package var isReplaying = false
        package var content: Content?

        package init() {}
    }

    package struct Content: Equatable, Sendable {
        /// As the notification came, up to `bodyLimit`.
        package var body: [UInt8]
        /// "syslog" or "cloudevent", and the JSON of what was decoded.
        package var decoded: (name: String, json: String)?

        package init(body: [UInt8], decoded: (name: String, json: String)? = nil) {
            self.body = body
            self.decoded = decoded
        }

        package static func == (one: Content, other: Content) -> Bool {
            one.body == other.body && one.decoded?.name == other.decoded?.name
                && one.decoded?.json == other.decoded?.json
        }
    }

    /// Bytes of a body that are shown.
    package static let bodyLimit = 1 << 20

    package var now: UInt64 = 0
    /// How many fit, though not all of them are told.
    package var total: UInt64 = 0
    package var letters: [Letter] = []
    /// Why the latest may be missing: nothing can be kept now.
    package var trouble: String?

    package init() {}

    package func write(into json: inout JSONWriter) {
        json.beginObject()
        json.member("time", time: now)
        json.member("total", total)
        json.member("trouble", orNull: trouble)
        json.member("letters")
        json.beginArray()
        for letter in letters { letter.write(into: &json) }
        json.endArray()
        json.endObject()
    }

    package init?(_ json: JSONValue) {
        guard let now = json["time"]?.time, let letters = json["letters"]?.elements else { return nil }
        self.now = now
        total = json["total"]?.count ?? 0
        trouble = json["trouble"]?.string
        self.letters = letters.map(Letter.init)
    }
}

extension DeadReport.Letter {
    fileprivate func write(into json: inout JSONWriter) {
        json.beginObject()
        json.member("id", id)
        json.member("service", service)
        json.member("message", message)
        json.member("topic", topic)
        json.member("source", source)
        json.member("protocol", wireProtocol)
        json.member("received", time: received)
        json.member("attempts", attempts)
        json.member("first-failure", time: firstFailure)
        json.member("last-failure", time: lastFailure)
        json.member("reason", reason)
        json.member("size", size)
        json.member("replaying", isReplaying)
        content?.write(into: &json)
        json.endObject()
    }

    fileprivate init(_ json: JSONValue) {
        self.init()
        id = json["id"]?.count ?? 0
        service = json["service"]?.string ?? ""
        message = json["message"]?.string ?? ""
        topic = json["topic"]?.string ?? ""
        source = json["source"]?.string ?? ""
        wireProtocol = json["protocol"]?.string ?? ""
        received = json["received"]?.time ?? 0
        attempts = json["attempts"]?.count ?? 0
        firstFailure = json["first-failure"]?.time ?? 0
        lastFailure = json["last-failure"]?.time ?? 0
        reason = json["reason"]?.string ?? ""
        size = json["size"]?.count ?? 0
        isReplaying = json["replaying"]?.bool ?? false
        content = DeadReport.Content(json)
    }
}

extension DeadReport.Content {
    /// The same members as those of a `lines` object.
    fileprivate func write(into json: inout JSONWriter) {
        if let decoded {
            json.member(decoded.name)
            json.raw(Array(decoded.json.utf8).span)
        }
        if String(validating: body, as: UTF8.self) != nil {
            json.member("body")
            json.string(body.span, in: body.indices)
        } else {
            json.member("body64")
            json.base64(body.span)
        }
    }

    fileprivate init?(_ json: JSONValue) {
        if let text = json["body"]?.string {
            body = Array(text.utf8)
        } else if let bytes = json["body64"]?.string.flatMap({ Base64.decode($0) }) {
            body = bytes
        } else {
            return nil
        }
        for kind in DecodedMessage.Kind.allCases {
            guard let name = kind.memberName, let value = json[name] else { continue }
            var text = JSONWriter()
            value.write(into: &text)
            decoded = (name, String(decoding: text.bytes, as: UTF8.self))
        }
    }
}
