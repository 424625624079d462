// SPDX-License-Identifier: Apache-2.0
/// JSON as values: what comes in goes out again as it was, and what is asked for is found.

import Control
import Testing
import Wire

@Suite("A JSON value")
struct JSONValueTests {
    static let document = """
        {"a":1,"b":[{"c":null,"d":"x\\"y\\u00e4"},[],{}],"e":{"f":true,"g":false},"h":-1.5e3,"i":18446744073709551615}
        """

    @Test("is written as it was read: order, digits and words")
    func roundTrip() throws {
        let value = try #require(JSONValue(document: Array(Self.document.utf8)))
        var json = JSONWriter()
        value.write(into: &json)
        #expect(String(decoding: json.bytes, as: UTF8.self) == Self.document.replacing("\\u00e4", with: "ä"))
    }

    @Test("gives its members by name and its elements in order")
    func access() throws {
        let value = try #require(JSONValue(document: Array(" \(Self.document)\n".utf8)))
        #expect(value["a"]?.count == 1)
        #expect(value["i"]?.count == .max)
        #expect(value["h"]?.count == nil)
        #expect(value["b"]?.elements.count == 3)
        #expect(value["b"]?.elements[0]["d"]?.string == "x\"yä")
        #expect(value["b"]?.elements[0]["c"] == .null)
        #expect(value["e"]?["f"]?.bool == true)
        #expect(value["e"]?.members.map(\.name) == ["f", "g"])
        #expect(value["z"] == nil)
        #expect(value["a"]?["a"] == nil)
    }

    @Test("is not made of anything else", arguments: ["", "[1]", "{", "{\"a\":[1,]}", "ok"])
    func invalid(text: String) { #expect(JSONValue(document: Array(text.utf8)) == nil) }
}
