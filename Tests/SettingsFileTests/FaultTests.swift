// SPDX-License-Identifier: Apache-2.0
/// The fault table: each way to get the configuration wrong, and the exact line that tells it.

import SettingsFile
import Testing

@Suite("A fault in the configuration")
struct FaultTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let yaml: String
        let fault: String
        var testDescription: String { fault }

        init(_ yaml: String, _ fault: String) {
            self.yaml = yaml
            self.fault = fault
        }
    }

    @Test("of a section is told with its place, its key, and what would be right", arguments: sections)
    func section(row: Row) { #expect(Reading.faults(row.yaml) == ["belfry.yaml:" + row.fault]) }

    @Test("of a service is told with its place, its key, and what would be right", arguments: services)
    func service(row: Row) { #expect(Reading.faults(Reading.service(row.yaml)) == ["belfry.yaml:" + row.fault]) }

    @Test("of a list of services is told with its place", arguments: lists)
    func list(row: Row) { #expect(Reading.faults(row.yaml) == ["belfry.yaml:" + row.fault]) }

    static let count = "a number from 1 to 64 would be right"
    static let time = "a time from 1ms to 366d such as 500ms, 30s, 5m or 1h"

    static let telnet = "an address and a port such as 127.0.0.1:2356"

    static let sections: [Row] = [
        Row("prot: {}", "1:1: prot: there is no such key; port would be right"),
        Row(
            "xyzzy: 1",
            "1:1: xyzzy: there is no such key; one of these would be right: control, port, ring, services, shutdown, "
                + "state, update, workers"),
        Row("port: 2355", "1:7: port: is \"2355\"; a mapping, { KEY: VALUE }, would be right"),
        Row("[a]", "1:1: is a list; keys such as port: and services: would be right"),
        Row("port: { numbr: 1 }", "1:9: port.numbr: there is no such key; number would be right"),
        Row("port: { number: 65536 }", "1:17: port.number: is \"65536\"; a number from 0 to 65535 would be right"),
        Row("port: { number: \"1\" }", "1:17: port.number: is \"1\"; a number from 0 to 65535 would be right"),
        Row(
            "port: { address: localhost }",
            "1:18: port.address: \"localhost\" is no IPv4 or IPv6 address; 127.0.0.1, ::1, 0.0.0.0 or :: would be right"
        ),
        Row("port: { udp: maybe }", "1:14: port.udp: is \"maybe\"; true or false would be right"),
        Row(
            "port: { udp: false, tcp: false }",
            "1:7: port: has neither udp nor tcp; one of them at least would be right"),
        Row(
            "port: { max-message: 1MB }",
            "1:22: port.max-message: is \"1MB\"; a size such as 64KiB, 8MiB or a number of bytes, from 1 to 1GiB, "
                + "would be right"),
        Row(
            "port: { max-message: 17MiB }",
            "1:22: port.max-message: is 17MiB, over a quarter of ring.size (64MiB); 16MiB at most, "
                + "or a ring of 68MiB, would be right"),
        Row(
            "ring: { size: 3MiB }",
            "1:15: ring.size: is 3MiB, but port.max-message is 1MiB, over a quarter of that; a ring of 4MiB or a "
                + "max-message of 768KiB would be right"),
        Row("port: { frame-timeout: 30 }", "1:24: port.frame-timeout: is \"30\"; a unit, as in 30s, would be right"),
        Row("port: { frame-timeout: 1.5s }", "1:24: port.frame-timeout: is \"1.5s\"; \(time) would be right"),
        Row("port: { frame-timeout: none }", "1:24: port.frame-timeout: is \"none\"; \(time) would be right"),
        Row(
            "port: { gather: 11ms }", "1:17: port.gather: is \"11ms\"; a time from 1ms to 10ms, or 0, would be right"),
        Row("port: { frame-timeout: 0s }", "1:24: port.frame-timeout: is \"0s\"; \(time) would be right"),
        Row(
            "port: { idle-timeout: 99999999999999999999h }",
            "1:23: port.idle-timeout: is \"99999999999999999999h\"; \(time), or none, would be right"),
        Row("workers: { count: 0 }", "1:19: workers.count: is \"0\"; \(count)"),
        Row("workers: { count: 10000 }", "1:19: workers.count: is \"10000\"; \(count)"),
        Row("workers: { count: -1 }", "1:19: workers.count: is \"-1\"; \(count)"),
        Row("workers: { count: [2] }", "1:19: workers.count: is a list; \(count)"),
        Row("ring: { durability: tape }", "1:21: ring.durability: is \"tape\"; memory or disk would be right"),
        Row("control: { telnet: 1 }", "1:20: control.telnet: is \"1\"; \(telnet) would be right"),
        Row("control: { telnet: localhost:23 }", "1:20: control.telnet: is \"localhost:23\"; \(telnet) would be right"),
        Row("control: { telnet: 127.0.0.1:x }", "1:20: control.telnet: is \"127.0.0.1:x\"; \(telnet) would be right"),
        Row("control: { telnet: \"::1:23\" }", "1:20: control.telnet: is \"::1:23\"; \(telnet) would be right"),
        Row(
            "control: { telnet: 0.0.0.0:23, token-file: t }",
            "1:20: control.telnet: is 0.0.0.0:23, where others than this machine reach it, and telnet hides nothing on its "
                + "way; 127.0.0.1:23, or telnet-anywhere: true beside it, would be right"),
        Row(
            "control: { telnet: 10.0.0.1:23, telnet-anywhere: true }",
            "1:20: control.telnet: is 10.0.0.1:23, where others than this machine reach it; a token-file beside it would "
                + "be right"),
        Row(
            "control: { change: { users: [you] } }",
            "1:30: control.change.users: there is no user \"you\" on this machine; one from /etc/passwd, or a number, "
                + "would be right"),
        Row(
            "control: { read: { groups: [we] } }",
            "1:29: control.read.groups: there is no group \"we\" on this machine; one from /etc/group, or a number, would "
                + "be right"),
        Row("control: { bodies: me }", "1:20: control.bodies: is \"me\"; a mapping, { KEY: VALUE }, would be right"),
        Row(
            "update: { probation: soon }", "1:22: update.probation: is \"soon\"; \(time) would be right"),
        Row(
            "control: { socket: /\(String(repeating: "x", count: 107)) }",
            "1:20: control.socket: has 108 bytes as a full path; 103 at most would be right"),
        Row(
            "services: [{ name: a, topics: [x], command: [/a], mode: stream, instances: 5, in-flight: 16384 }]",
            "1:12: services[1]: up to here the services ask for 163840 places in the in-flight tables (twice in-flight "
                + "or concurrency, times instances or lanes); 131072 at most would be right"),
        Row("port: { udp: true", "2:1: is not YAML: did not find expected ',' or '}'"),
        Row("port:\n\t- x", "2:1: is not YAML: found character that cannot start any token"),
        Row("--- {}\n--- {}\n", "2:1: is not YAML: but found another document"),
        Row(
            "workers:\n  count: 2\n  count: 3\n",
            "3:3: workers.count: is there already in line 2; once would be right"),
    ]

    static let services: [Row] = [
        Row("mod: exec", "3:5: services[1].mod: there is no such key; mode would be right"),
        Row("mode: daemon", "3:11: services[1].mode: is \"daemon\"; exec or stream would be right"),
        Row(
            "framing: frames",
            "3:14: services[1].framing: is frames, which a process per message can't speak; mode: stream beside it "
                + "would be right"),
        Row("on-remove: burn", "3:16: services[1].on-remove: is \"burn\"; drain, dead or drop would be right"),
        Row("order: any", "3:12: services[1].order: is \"any\"; none, source, topic or all would be right"),
        Row("instances: 0", "3:16: services[1].instances: is \"0\"; \(count)"),
        Row("instances: 10000", "3:16: services[1].instances: is \"10000\"; \(count)"),
        Row("lanes: 65", "3:12: services[1].lanes: is \"65\"; \(count)"),
        Row("concurrency: 0", "3:18: services[1].concurrency: is \"0\"; a number from 1 to 1024 would be right"),
        Row(
            "concurrency: 10000", "3:18: services[1].concurrency: is \"10000\"; a number from 1 to 1024 would be right"),
        Row("in-flight: 0", "3:16: services[1].in-flight: is \"0\"; a number from 1 to 16384 would be right"),
        Row("ack-timeout: 5 s", "3:18: services[1].ack-timeout: is \"5 s\"; \(time) would be right"),
        Row(
            "retry: { attempts: 0 }",
            "3:24: services[1].retry.attempts: is \"0\"; a number from 1 to 1000000 would be right"),
        Row(
            "retry: { backoff: 10s, max-backoff: 1s }",
            "3:41: services[1].retry.max-backoff: is 1s, shorter than backoff (10s); 10s or more would be right"),
        Row(
            "retry: { backoff: 90m }",
            "3:23: services[1].retry.backoff: is 90m, longer than max-backoff, which is 5m unless told otherwise; "
                + "a longer max-backoff would be right"),
        Row(
            "retry: { jitter: 25 }",
            "3:22: services[1].retry.jitter: is \"25\"; a share such as 25%, from 0% to 90%, would be right"),
        Row(
            "retry: { time-limit: 0 }",
            "3:26: services[1].retry.time-limit: is \"0\"; \(time), or none, would be right"),
        Row(
            "retain: { bytes: 1000 }",
            "3:22: services[1].retain.bytes: is \"1000\"; a size such as 64KiB, 8MiB or a number of bytes, from 64KiB "
                + "to 1048576GiB, or none, would be right"),
        Row("retain: { age: 24 }", "3:20: services[1].retain.age: is \"24\"; a unit, as in 24s, would be right"),
        Row(
            "user: nosuch",
            "3:11: services[1].user: there is no user \"nosuch\" on this machine; one from /etc/passwd would be right"),
        Row(
            "user: me, group: nosuch",
            "3:22: services[1].group: there is no group \"nosuch\" on this machine; one from /etc/group would be right"
        ),
        Row(
            "group: adm", "3:12: services[1].group: stands without user; user beside it would be right"),
        Row(
            "environment: { BELFRY_ID: x }",
            "3:20: services[1].environment.BELFRY_ID: BELFRY_ is for Belfry's own variables; another name would be right"
        ),
        Row(
            "environment: { A-B: x }",
            "3:20: services[1].environment: \"A-B\" is no name of a variable; letters, digits and _ would be right"),
        Row(
            "environment: { A: [x] }",
            "3:23: services[1].environment.A: is a list; a text, in quotes if need be, would be right"),
        Row(
            "limits: { nofiles: 1 }", "3:15: services[1].limits.nofiles: there is no such limit; nofile would be right"),
        Row(
            "limits: { nofile: lots }",
            "3:23: services[1].limits.nofile: is \"lots\"; a number, a size such as 64MiB, infinity, or "
                + "{ soft: …, hard: … } would be right"),
        Row(
            "limits: { nofile: { soft: 2, hard: 1 } }",
            "3:23: services[1].limits.nofile: soft is over hard; a soft limit of hard at most would be right"),
        Row(
            "renamed-from: a b",
            "3:19: services[1].renamed-from: is \"a b\"; 1 to 64 letters, digits and _ . - would be right"),
        Row("mode: exec, mode: exec", "3:17: services[1].mode: is there already in line 3; once would be right"),
    ]

    static let lists: [Row] = [
        Row(
            "services: x",
            "1:11: services: is \"x\"; a list, each element with name, topics and command, would be right"),
        Row(
            "services: [x]", "1:12: services[1]: is \"x\"; a mapping, { KEY: VALUE }, would be right"),
        Row(
            "services:\n- { topics: [b], command: [/usr/bin/page] }",
            "2:3: services[1]: has no name; name: on-call would be right"),
        Row(
            "services:\n- { name: a, command: [/usr/bin/page] }",
            "2:3: services[1]: has no topics; topics: [\"alerts.disk.>\", syslog.daemon.crit] would be right"),
        Row(
            "services:\n- { name: a, topics: [b] }",
            "2:3: services[1]: has no command; command: [/usr/bin/logger, --tag, alarm] would be right"),
        Row(
            "services:\n- { name: a, topics: b, command: [/usr/bin/page] }",
            "2:22: services[1].topics: is \"b\"; a list, [\"alerts.disk.>\", syslog.daemon.crit], would be right"),
        Row(
            "services:\n- { name: a, topics: [], command: [/usr/bin/page] }",
            "2:22: services[1].topics: has 0 elements; a list, [\"alerts.disk.>\", syslog.daemon.crit], would be right"),
        Row(
            "services:\n- { name: a, topics: [b, belfry.x], command: [/usr/bin/page] }",
            "2:26: services[1].topics[2]: is \"belfry.x\"; the pattern can match nothing: topics below \"belfry.\" are "
                + "the broker's own"),
        Row(
            "services:\n- { name: a, topics: [b], command: /usr/bin/page }",
            "2:36: services[1].command: is \"/usr/bin/page\"; a list, [/usr/bin/logger, --tag, alarm], would be right"),
        Row(
            "services:\n- { name: a, topics: [b], command: [page] }",
            "2:37: services[1].command[1]: is \"page\", and commands are not looked up in PATH; /usr/bin/page "
                + "would be right"),
        Row(
            "services:\n- { name: a b, topics: [b], command: [/usr/bin/page] }",
            "2:11: services[1].name: is \"a b\"; 1 to 64 letters, digits and _ . - would be right"),
        Row(
            "services:\n- { name: a, topics: [b], command: [/usr/bin/page] }\n"
                + "- { name: a, topics: [c], command: [/usr/bin/page] }",
            "3:11: services[2].name: \"a\" is the name of the service in line 2 already; another name would be right"),
        Row(
            "services:\n" + (1...65).map { "- { name: s\($0), topics: [b], command: [/usr/bin/page] }\n" }.joined(),
            "66:3: services[65]: there are 65 services; 64 at most would be right"),
    ]
}
