// SPDX-License-Identifier: Apache-2.0

import Testing
import Wire

/// Structured data as JSON: escapes, repetitions, and what is no structured data.
@Suite struct StructuredDataTests {
    private func decode(_ data: String, _ message: String = " text") -> Decoded {
        Decoded("<13>1 - h a p m " + data + message)
    }

    private func element(_ data: String) -> [String: Any]? {
        (decode(data).json?["structured-data"] as? [String: Any])?["x"] as? [String: Any]
    }

    @Test("a backslash is taken away before quote, backslash and bracket, and stays before all else")
    func escapes() {
        #expect(
            element(#"[x a="\"" b="\\" c="\]" d="\n" e="a]b" f=""]"#) as? [String: String] == [
                "a": "\"", "b": "\\", "c": "]", "d": "\\n", "e": "a]b", "f": "",
            ])
    }

    @Test("an element may have no parameters")
    func emptyElement() {
        #expect(element("[x]")?.isEmpty == true)
        #expect(decode("[x]")["message"] == "text")
    }

    @Test("a parameter that is given more than once becomes an array of its values, in order")
    func repeatedParameters() {
        let origin = element(#"[x ip="192.0.2.1" a="1" ip="192.0.2.129" ip="3"]"#)
        #expect(origin?["ip"] as? [String] == ["192.0.2.1", "192.0.2.129", "3"])
        #expect(origin?["a"] as? String == "1" && origin?.count == 2)
    }

    @Test("parameters of the same name in different elements have nothing to do with each other")
    func separateElements() {
        let decoded = decode(#"[x a="1"][y a="2"]"#)
        #expect(decoded.json?["structured-data"] as? [String: [String: String]] == ["x": ["a": "1"], "y": ["a": "2"]])
    }

    @Test("of elements with the same ID, which the RFC forbids, the first counts")
    func repeatedElements() {
        let decoded = decode(#"[x a="1"][y][x a="2"]"#)
        #expect(
            decoded.json?["structured-data"] as? [String: [String: String]] == ["x": ["a": "1"], "y": [:]])
        #expect(String(decoding: decoded.message.decoded, as: UTF8.self).components(separatedBy: "\"x\":").count == 2)
    }

    @Test(
        "what has not the form of structured data belongs to the message",
        arguments: [
            "[", "[]", "[ x]", "[x ]", "[x a]", "[x a=]", "[x a=b]", "[x a=\"b]", "[x a=\"b\\\"]", "[x a=\"b\"",
            "[x=y]",
            "[x  a=\"b\"]", "[x]y", "-y", "nothing",
        ])
    func fallsToMessage(_ data: String) {
        let decoded = decode(data)
        #expect(decoded["format"] == "rfc5424" && decoded.json?["structured-data"] == nil)
        #expect(decoded["message"] == data + " text")
    }

    @Test("a space between elements ends the structured data, as in the RFC's own example")
    func spaceEndsData() {
        #expect(decode("[x a=\"1\"] [y]")["message"] == "[y] text")
    }

    @Test("a flood of parameters is left in the message, so that nobody pays the square of their number")
    func limitsParameters() {
        func flood(_ count: Int) -> String { "[x" + (0..<count).map { " p\($0)=\"\"" }.joined() + "]" }
        #expect(element(flood(127))?.count == 127)
        #expect(element(flood(128)) == nil)
        #expect(decode(flood(128))["message"] == flood(128) + " text")
    }
}
