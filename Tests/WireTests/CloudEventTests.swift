// SPDX-License-Identifier: Apache-2.0

import Testing
import Wire

/// CloudEvents in the JSON format.
@Suite struct CloudEventTests {
    private let example = #"""
        {
            "specversion" : "1.0",
            "type" : "com.github.pull_request.opened",
            "source" : "https://github.com/cloudevents/spec/pull",
            "subject" : "123",
            "id" : "A234-1234-1234",
            "time" : "2018-04-05T17:31:00Z",
            "comexampleextension1" : "value",
            "comexampleothervalue" : 5,
            "datacontenttype" : "text/xml",
            "data" : "<much wow=\"xml\"/>"
        }
        """#

    @Test("the specification's example: its type is the topic, the whole event the body, its attributes the member")
    func specification() {
        let decoded = Decoded(example)
        #expect(decoded.content == .message && decoded.message.wireProtocol == .cloudevents)
        #expect(decoded.message.kind == .cloudevent && decoded.topic == "com.github.pull_request.opened")
        #expect(decoded.text == example)
        #expect(decoded["source"] == "https://github.com/cloudevents/spec/pull" && decoded["id"] == "A234-1234-1234")
        #expect(decoded["comexampleextension1"] == "value" && decoded.json?["comexampleothervalue"] as? Int == 5)
        #expect(decoded.json?.count == 9 && decoded.json?["data"] == nil)
    }

    @Test("the member stands on one line, spaces in strings stay, spaces between tokens go")
    func compact() {
        let decoded = Decoded(
            "{\"specversion\":\"1.0\",\n\"type\":\"t\",\"x\":{ \"a b\" : [ 1,\n2 ,\"c \\\" d\"] },\"data_base64\":\"eA==\"}"
        )
        let text = String(decoding: decoded.message.decoded, as: UTF8.self)
        #expect(text == #"{"specversion":"1.0","type":"t","x":{"a b":[1,2,"c \" d"]}}"#)
    }

    @Test("bytes of the type that no topic may hold are percent-encoded")
    func encodedType() {
        let decoded = Decoded(#"{"specversion":"1.0","type":"com.example/order created\u00e4","id":"1","source":"s"}"#)
        #expect(decoded.topic == "com.example%2Forder%20created%C3%A4")
        #expect(decoded["type"] == "com.example/order createdä")
    }

    @Test(
        "a type that is missing, no string, or makes no topic is refused",
        arguments: ["", ",\"type\":1", ",\"type\":null", ",\"type\":\"\"", ",\"type\":\"a..b\"", ",\"type\":\".a\""])
    func badTypes(_ rest: String) {
        #expect(Decoded("{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\"\(rest)}").content == .refused(.badType))
    }

    @Test("a type that is too long once it is encoded is refused")
    func longType() {
        func event(_ count: Int) -> String {
            "{\"specversion\":\"1.0\",\"type\":\"\(String(repeating: "/", count: count))\"}"
        }
        #expect(Decoded(event(85)).content == .message)
        #expect(Decoded(event(86)).content == .refused(.badType))
    }

    @Test("a type below a reserved root is refused", arguments: ["syslog.daemon.crit", "belfry", "belfry.x"])
    func reservedTypes(_ type: String) {
        #expect(Decoded("{\"specversion\":\"1.0\",\"type\":\"\(type)\"}").content == .refused(.reservedTopic))
    }

    @Test("an event without id or source is taken as it is")
    func incomplete() {
        let decoded = Decoded(#"{"specversion":"1.0","type":"t"}"#)
        #expect(decoded.content == .message && decoded.topic == "t")
    }

    @Test("an attribute called topic does not name the topic of an event")
    func topicAttribute() {
        let decoded = Decoded(#"{"topic":"x","specversion":"1.0","type":"t","id":"1","source":"s"}"#)
        #expect(decoded.topic == "t" && decoded["topic"] == "x")
    }
}
