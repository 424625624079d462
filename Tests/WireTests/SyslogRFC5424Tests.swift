// SPDX-License-Identifier: Apache-2.0

import Testing
import Wire

/// RFC 5424: the examples of its section 6.5, what its grammar allows, and what senders make of it.
@Suite struct SyslogRFC5424Tests {
    @Test("example 1: a message with a byte order mark and no structured data")
    func example1() {
        let text =
            "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \u{FEFF}'su root' failed for lonvick on /dev/pts/8"
        let decoded = Decoded(text)
        #expect(
            decoded.content == .message && decoded.message.wireProtocol == .syslog && decoded.message.kind == .syslog)
        #expect(decoded.topic == "syslog.auth.crit")
        #expect(decoded.text == text)
        #expect(decoded["format"] == "rfc5424")
        #expect(decoded["facility"] == "auth" && decoded["severity"] == "crit")
        #expect(decoded["timestamp"] == "2003-10-11T22:14:15.003Z")
        #expect(decoded["hostname"] == "mymachine.example.com" && decoded["app-name"] == "su")
        #expect(decoded["msgid"] == "ID47")
        #expect(decoded["message"] == "'su root' failed for lonvick on /dev/pts/8")
        #expect(decoded.json?["procid"] == nil && decoded.json?["structured-data"] == nil)
    }

    @Test("example 2: a message without a byte order mark, with an offset from UTC")
    func example2() {
        let decoded = Decoded(
            "<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time to make the do-nuts.")
        #expect(decoded.topic == "syslog.local4.notice")
        #expect(decoded["timestamp"] == "2003-08-24T05:14:15.000003-07:00")
        #expect(decoded["hostname"] == "192.0.2.1" && decoded["app-name"] == "myproc" && decoded["procid"] == "8710")
        #expect(decoded["message"] == "%% It's time to make the do-nuts.")
    }

    @Test("example 3: structured data and a message")
    func example3() {
        let decoded = Decoded(
            "<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 "
                + "[exampleSDID@32473 iut=\"3\" eventSource=\"Application\" eventID=\"1011\"] \u{FEFF}An application event log entry..."
        )
        let data = decoded.json?["structured-data"] as? [String: [String: String]]
        #expect(data == ["exampleSDID@32473": ["iut": "3", "eventSource": "Application", "eventID": "1011"]])
        #expect(decoded["message"] == "An application event log entry...")
    }

    @Test("example 4: two elements of structured data and no message")
    func example4() {
        let decoded = Decoded(
            "<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 "
                + "[exampleSDID@32473 iut=\"3\" eventSource=\"Application\" eventID=\"1011\"][examplePriority@32473 class=\"high\"]"
        )
        let data = decoded.json?["structured-data"] as? [String: [String: String]]
        #expect(data?["examplePriority@32473"] == ["class": "high"] && data?.count == 2)
        #expect(decoded["message"] == "")
    }

    @Test("a header of nothing but NILVALUEs has no members but the message")
    func nilValues() {
        let decoded = Decoded("<0>1 - - - - - -")
        #expect(decoded.topic == "syslog.kern.emerg")
        #expect(decoded.json?.keys.sorted() == ["facility", "format", "message", "severity"])
    }

    @Test("what logger sends is decoded, its line end is no part of the message but of the body")
    func logger() {
        let text =
            "<26>1 2026-11-21T03:36:25.123456+00:00 host root - - [timeQuality tzKnown=\"1\" isSynced=\"0\"] disk sda is failing\n"
        let decoded = Decoded(text)
        #expect(decoded.topic == "syslog.daemon.crit" && decoded.text == text)
        #expect(decoded["message"] == "disk sda is failing" && decoded["app-name"] == "root")
    }

    @Test("the highest PRI is 191, and leading zeros or anything above make raw text")
    func priorities() {
        #expect(Decoded("<191>1 - - - - - - x").topic == "syslog.local7.debug")
        #expect(Decoded("<0>x").topic == "syslog.kern.emerg")
        for text in [
            "<192>1 - - - - - - x", "<999>x", "<1000>x", "<00>x", "<013>x", "<>x", "<13", "<13x", "<", "<-1>x",
        ] {
            #expect(Decoded(text).isRaw, "\(text)")
        }
    }

    @Test("every facility and severity has its name in the topic")
    func names() {
        let facilities = [
            "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp",
            "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
        ]
        let severities = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"]
        for (facility, name) in facilities.enumerated() {
            for (severity, level) in severities.enumerated() {
                #expect(Decoded("<\(facility * 8 + severity)>x").topic == "syslog.\(name).\(level)")
            }
        }
    }

    @Test(
        "a header that is not of RFC 5424 is read as loosely as RFC 3164",
        arguments: [
            "<13>1", "<13>1 ", "<13>2 - - - - - - x", "<13>1 yesterday h a p m - x", "<13>1 - - - -",
            "<13>1 -  - - - - x",
            "<13>1 2003-10-11 h a p m - x",
        ])
    func fallsBack(_ text: String) {
        let decoded = Decoded(text)
        #expect(decoded["format"] == "rfc3164" && decoded["message"] == String(text.dropFirst(4)))
    }

    @Test("invalid UTF-8 in a field becomes U+FFFD there and stays in the body")
    func invalidUTF8() {
        let bytes = ascii("<13>1 - ho") + [0xFF] + ascii("st a p m - x") + [0xC3]
        let decoded = Decoded(bytes)
        #expect(decoded["hostname"] == "ho\u{FFFD}st" && decoded["message"] == "x\u{FFFD}")
        #expect(decoded.body == bytes)
    }

    @Test("a message cut at any byte is still a message or raw, with all its bytes and valid JSON")
    func truncations() {
        let whole = ascii(
            "<165>1 2003-10-11T22:14:15.003Z host app 1 ID47 [a@1 b=\"c\\\"\" d=\"\"][e f=\"g\"] \u{FEFF}text\r\n")
        for count in 0..<whole.count {
            let part = Array(whole.prefix(count))
            let decoded = Decoded(part)
            #expect(decoded.content == (count < 5 ? .raw : .message) && decoded.body == part)
            #expect(count < 5 || decoded.json != nil, "after \(count) bytes")
        }
    }

    @Test("text that is mostly escapes does not blow up what was decoded: it is left out, and said so")
    func boundsDecoded() {
        let bytes = ascii("<13>1 - h a p m - ") + [UInt8](repeating: 1, count: 10_000)
        let decoded = Decoded(bytes)
        #expect(decoded.json?["incomplete"] as? Bool == true && decoded["message"] == nil)
        #expect(decoded["facility"] == "user" && decoded.body == bytes)
    }
}
