// SPDX-License-Identifier: Apache-2.0

import Testing
import Wire

/// JSON that names a topic.
@Suite struct JSONMessageTests {
    @Test("an object with a topic is a message: its topic, and its body as a string says it")
    func named() {
        let decoded = Decoded(#"{"topic":"alerts.disk","body":"sda1 at 97 %"}"#)
        #expect(decoded.content == .message && decoded.message.wireProtocol == .json && decoded.message.kind == .none)
        #expect(decoded.topic == "alerts.disk" && decoded.text == "sda1 at 97 %" && decoded.message.decoded.isEmpty)
        #expect(!decoded.message.isUnescaped)
    }

    @Test("escapes in the body and in the topic are resolved")
    func escapes() {
        let decoded = Decoded(#"{"topic":"a\u002eb","body":"\u00e4\"\\\/\b\f\n\r\t\ud83d\ude00\ud800x\udc00"}"#)
        #expect(decoded.topic == "a.b")
        #expect(decoded.text == "ä\"\\/\u{8}\u{C}\n\r\t😀\u{FFFD}x\u{FFFD}")
    }

    @Test("a name may be written with escapes, and of two members of one name the last counts")
    func names() {
        #expect(Decoded(#"{"t\u006fpic":"a","\u0062ody":"b"}"#).text == "b")
        #expect(Decoded(#"{"topic":"a","topic":"b","body":"1","body":"2"}"#).topic == "b")
        #expect(Decoded(#"{"topic":"a","topic":"b","body":"1","body":"2"}"#).text == "2")
    }

    @Test(
        "a body of another type keeps its JSON text",
        arguments: ["1", "-1.50", "true", "null", "[1, 2]", "{\"a\": {\"b\":1}}"])
    func otherBodies(_ body: String) {
        #expect(Decoded("{\"topic\":\"a\", \"body\": \(body) }").text == body)
    }

    @Test("without a body, or with an empty one, the body is empty", arguments: ["", ",\"body\":\"\"", ",\"x\":\"y\""])
    func emptyBody(_ rest: String) {
        let decoded = Decoded("{\"topic\":\"a\"\(rest)}")
        #expect(decoded.content == .message && decoded.body.isEmpty && decoded.message.wireProtocol == .json)
    }

    @Test(
        "a topic that is no string, or no topic, is refused",
        arguments: ["1", "null", "[]", "{}", "true", "\"\"", "\"a b\"", "\"a..b\"", "\"\\u0000\"", "\"ä\"", "\">\""])
    func badTopics(_ topic: String) {
        #expect(Decoded("{\"topic\":\(topic),\"body\":\"x\"}").content == .refused(.badTopic))
    }

    @Test("a reserved topic is refused", arguments: ["syslog.daemon.crit", "belfry.x", "belfry", "sys\\u006cog.x"])
    func reservedTopics(_ topic: String) {
        #expect(Decoded("{\"topic\":\"\(topic)\"}").content == .refused(.reservedTopic))
    }

    @Test(
        "invalid JSON, and JSON without a topic, is raw with every byte",
        arguments: [
            "{", "{}", "{\"a\":1}", "{topic:\"a\"}", "{\"topic\":\"a\"", "{\"topic\":\"a\"}}",
            "{\"x\":{\"topic\":\"a\"}}", "{\n",
        ])
    func raw(_ text: String) {
        #expect(Decoded(text).isRaw)
        #expect(Decoded(text, speaking: .json).isRaw)
    }

    @Test("on a connection that speaks JSON a line of anything else is raw")
    func rawLine() {
        #expect(Decoded("hello", speaking: .json).isRaw)
        #expect(Decoded("<13>x", speaking: .json).isRaw)
    }

    @Test("on a connection that speaks text, JSON is text")
    func textStaysText() {
        let text = #"{"topic":"a"}"#
        #expect(Decoded(text, speaking: .text).isRaw)
    }

    @Test("a message that is decoded after another has nothing of it")
    func reuse() {
        var message = DecodedMessage()
        for (text, topic) in [
            (#"{"topic":"a.b.c","body":"x\ny"}"#, "a.b.c"), ("<13>x: y", "syslog.user.notice"),
            (#"{"specversion":"1.0","type":"t","id":"1","source":"s"}"#, "t"), (#"{"topic":"d"}"#, "d"),
        ] {
            let bytes = ascii(text)
            let content = decodeDatagram(bytes.span, into: &message)
            let fresh = Decoded(text).message
            #expect(content == .message && message.topic == ascii(topic) && message.decoded == fresh.decoded)
            #expect(message.unescaped == fresh.unescaped && message.isUnescaped == fresh.isUnescaped)
            #expect(
                message.kind == fresh.kind && message.wireProtocol == fresh.wireProtocol && message.body == fresh.body)
        }
    }
}
