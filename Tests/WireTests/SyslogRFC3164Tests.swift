// SPDX-License-Identifier: Apache-2.0

import Testing
import Wire

/// RFC 3164: the examples of its section 5.4, and what programs really send.
@Suite struct SyslogRFC3164Tests {
    @Test("example 1: timestamp, host name, tag and text")
    func example1() {
        let decoded = Decoded("<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8")
        #expect(decoded.topic == "syslog.auth.crit" && decoded["format"] == "rfc3164")
        #expect(decoded["timestamp"] == "Oct 11 22:14:15" && decoded["hostname"] == "mymachine")
        #expect(decoded["app-name"] == "su" && decoded.json?["procid"] == nil)
        #expect(decoded["message"] == "'su root' failed for lonvick on /dev/pts/8")
    }

    @Test("example 2: without PRI it is no syslog")
    func example2() {
        #expect(Decoded("Use the BFG!").isRaw)
    }

    @Test("example 2 as a relay sends it on: a host, no tag")
    func example2Relayed() {
        let decoded = Decoded("<13>Feb  5 17:32:18 10.0.0.99 Use the BFG!")
        #expect(decoded["timestamp"] == "Feb  5 17:32:18" && decoded["hostname"] == "10.0.0.99")
        #expect(decoded["message"] == "Use the BFG!" && decoded["app-name"] == nil)
    }

    @Test("example 3: an unexpected zone and year go the way that the RFC describes")
    func example3() {
        let decoded = Decoded(
            "<165>Aug 24 05:34:00 CST 1987 mymachine myproc[10]: %% It's time to make the do-nuts.  %%")
        #expect(decoded.topic == "syslog.local4.notice" && decoded["timestamp"] == "Aug 24 05:34:00")
        #expect(decoded["hostname"] == "CST")
        #expect(decoded["message"] == "1987 mymachine myproc[10]: %% It's time to make the do-nuts.  %%")
    }

    @Test("example 4: a date that is none is message")
    func example4() {
        let text = "1990 Oct 22 10:52:01 TZ-6 scapegoat.dmz.example.org 10.1.2.3 sched[0]: That's All Folks!"
        let decoded = Decoded("<0>" + text)
        #expect(decoded.topic == "syslog.kern.emerg" && decoded["message"] == text && decoded["timestamp"] == nil)
    }

    @Test("logger writes to the local socket without a host name")
    func localLogger() {
        let decoded = Decoded("<13>Nov 21 03:36:25 root: hello world")
        #expect(decoded["timestamp"] == "Nov 21 03:36:25" && decoded["app-name"] == "root")
        #expect(decoded["hostname"] == nil && decoded["message"] == "hello world")
    }

    @Test("a process id in brackets is told apart from the tag")
    func processID() {
        let decoded = Decoded("<30>Nov  1 03:36:25 web1 sshd[4711]: Accepted publickey")
        #expect(
            decoded["app-name"] == "sshd" && decoded["procid"] == "4711" && decoded["message"] == "Accepted publickey")
        let local = Decoded("<30>Nov 1 03:36:25 sshd[4711]: Accepted publickey")
        #expect(local["timestamp"] == "Nov 1 03:36:25" && local["hostname"] == nil && local["procid"] == "4711")
    }

    @Test("a timestamp of RFC 3339, as newer relays write it, is taken as one")
    func newTimestamp() {
        let decoded = Decoded("<13>2026-11-21T03:36:25.123456+00:00 web1 app: x")
        #expect(decoded["timestamp"] == "2026-11-21T03:36:25.123456+00:00" && decoded["hostname"] == "web1")
        #expect(decoded["app-name"] == "app" && decoded["message"] == "x")
    }

    @Test("without a timestamp there may be a tag, but no host name is guessed")
    func noTimestamp() {
        let tagged = Decoded("<13>app[7]: x y")
        #expect(tagged["app-name"] == "app" && tagged["procid"] == "7" && tagged["message"] == "x y")
        let bare = Decoded("<13>the quick brown fox")
        #expect(bare["message"] == "the quick brown fox" && bare["hostname"] == nil && bare["app-name"] == nil)
    }

    @Test(
        "text that only looks like a tag stays text",
        arguments: ["http://x/y z", "[x] y", "[7]: y", ": y", "a b: c", "x[7]y: z", "12:30 now", ""])
    func noTag(_ text: String) {
        let decoded = Decoded("<13>" + text)
        #expect(decoded["message"] == text && decoded["app-name"] == nil)
    }

    @Test("a tag may end the message")
    func tagAlone() {
        let decoded = Decoded("<13>Nov 21 03:36:25 host app:")
        #expect(decoded["app-name"] == "app" && decoded["hostname"] == "host" && decoded["message"] == "")
    }

    @Test(
        "one line end, or one NUL, behind the text is no part of the message", arguments: ["\n", "\r\n", "\0", "\n\0"])
    func lineEnd(_ end: String) {
        let decoded = Decoded("<13>app: text" + end)
        #expect(decoded["message"] == "text" && decoded.text == "<13>app: text" + end)
    }

    @Test("a message cut at any byte keeps all its bytes and gives valid JSON")
    func truncations() {
        let whole = ascii("<34>Oct 11 22:14:15 mymachine su[77]: 'su root' failed\n")
        for count in 5..<whole.count {
            let part = Array(whole.prefix(count))
            let decoded = Decoded(part)
            #expect(decoded.json != nil && decoded.body == part && decoded.topic == "syslog.auth.crit")
        }
    }

    @Test("on a connection, lines and counted messages are decoded alike, and one without PRI is raw")
    func streams() {
        for stream in [StreamProtocol.syslogLines, .syslogCounted] {
            #expect(Decoded("<34>su: x", speaking: stream)["app-name"] == "su")
            #expect(Decoded("no pri", speaking: stream).isRaw)
        }
    }

    @Test("a datagram with its octets counted is that message; with a wrong count it is raw")
    func countedDatagram() {
        let decoded = Decoded("9 <34>su: x\n")
        #expect(decoded.topic == "syslog.auth.crit" && decoded.text == "<34>su: x")
        for text in ["8 <34>su: x", "10 <34>su: x", "9 <34>su: xy", "9 hello son", "9 <34>su: x\n\n9 <34>su: x"] {
            #expect(Decoded(text).isRaw)
        }
    }
}
