// SPDX-License-Identifier: Apache-2.0

import Testing
import Wire

/// Text and value of a message's id are one to one.
@Suite struct MessageIDTests {
    @Test(
        "an id is read back from its text",
        arguments: [
            (MessageID(log: 0, epoch: 0, sequence: 0), "0000000000000000-0-0"),
            (MessageID(log: 0xFEDC_BA98_7654_3210, epoch: 3, sequence: 1000), "fedcba9876543210-3-1000"),
            (
                MessageID(log: .max, epoch: .max, sequence: .max),
                "ffffffffffffffff-18446744073709551615-18446744073709551615"
            ),
        ])
    func reads(_ id: MessageID, _ text: String) {
        let read = MessageID(ascii(text).span)
        #expect(id.description == text && read == id)
        #expect(text.utf8.count <= MessageID.maximumCount)
    }

    @Test(
        "another text is no id",
        arguments: [
            "", "-", "0000000000000000", "0000000000000000-1", "0000000000000000-1-", "0000000000000000--1",
            "000000000000000-1-1", "00000000000000000-1-1", "000000000000000g-1-1", "000000000000000A-1-1",
            "0000000000000000-01-1", "0000000000000000-1-01", "0000000000000000-1-1 ", "0000000000000000-1--1",
            "0000000000000000-1-18446744073709551616", "0000000000000000-99999999999999999999-1",
            "0000000000000000-1-1-1",
            "0000000000000000 1 1", "0000000000000000-+1-1",
        ])
    func refuses(_ text: String) {
        let read = MessageID(ascii(text).span)
        #expect(read == nil)
    }
}
