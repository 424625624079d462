// SPDX-License-Identifier: Apache-2.0
/// What a good configuration file says is what the settings hold.

import LinuxIO
import Settings
import SettingsFile
import Testing

@Suite("A configuration file")
struct SettingsFileTests {
    @Test("may leave everything out", arguments: ["", "\n# nothing\n", "port:\nservices:\n", "{}", "services: []"])
    func defaults(yaml: String) throws {
        #expect(try Reading.settings(yaml) == Settings())
    }

    @Test("sets every key of the manual")
    func everyKey() throws {
        let settings = try Reading.settings(
            """
            port:     { address: "::1", number: 514, udp: true, tcp: false, max-message: 64KiB, max-connections: 10,
                        frame-timeout: 500ms, idle-timeout: 1h, receive-buffer: 8192,
                        gather: 10ms }
            workers:  { count: 4, stuck-after: 3s }
            ring:     { size: 1MiB, durability: disk }
            state:    { directory: ../state }
            control:  { socket: /run/b.sock, telnet: "[::1]:2356", token-file: token, telnet-anywhere: false,
                        read: { users: [me, 7], groups: [adm, 9] }, bodies: {}, change: { groups: [adm] } }
            shutdown: { grace: 0 }
            update:   { probation: 5s, drain-timeout: none }
            """)
        #expect(settings.port.address == "::1" && settings.port.number == 514)
        #expect(settings.port.udp && !settings.port.tcp)
        #expect(settings.port.maxMessage == 65_536 && settings.port.maxConnections == 10)
        #expect(settings.port.frameTimeout == .milliseconds(500) && settings.port.idleTimeout == .seconds(3600))
        #expect(settings.port.receiveBuffer == 8192 && settings.port.gather == .milliseconds(10))
        #expect(settings.workers.count == 4 && settings.workers.stuckAfter == .seconds(3))
        #expect(settings.ring.size == 1 << 20 && settings.ring.durability == .disk)
        #expect(settings.state.directory == "/etc/state" && settings.control.socket == "/run/b.sock")
        #expect(settings.shutdown.grace == .zero)
        let control = settings.control
        #expect(control.telnet == .init(address: "::1", port: 2356) && control.tokenFile == "/etc/belfry/token")
        #expect(control.read == .init(users: [1000, 7], groups: [4, 9]) && control.bodies == .init())
        #expect(control.change == .init(groups: [4]))
    }

    @Test("opens telnet to others only in so many words, and with a token")
    func telnetAnywhere() throws {
        let control = try Reading.settings(
            "control: { telnet: 0.0.0.0:2356, telnet-anywhere: true, token-file: /token }"
        ).control
        #expect(control.telnet == .init(address: "0.0.0.0", port: 2356))
    }

    @Test("sets every key of a service")
    func everyServiceKey() throws {
        let settings = try Reading.settings(
            """
            services:
              - name: on-call
                topics: [alerts.disk.>, syslog.daemon.crit]
                command: [./run.sh, --now, 5]
                mode: stream
                framing: lines
                instances: 3
                lanes: 2
                concurrency: 4
                in-flight: 256
                ack-timeout: 1s
                idle-timeout: none
                retry: { attempts: 2, backoff: 5ms, max-backoff: 1m, jitter: 10%, time-limit: 1h }
                retain: { bytes: 1GiB, age: 24h }
                order: topic
                directory: data
                environment: { A: "1", B: , C: x y }
                user: nobody
                group: adm
                limits: { nofile: 64, as: { soft: 1GiB, hard: infinity } }
                on-remove: dead
                renamed-from: pager
            """)
        #expect(settings.services == [Self.everything])
    }

    @Test("may name a program that is not there, and is warned of it")
    func missingProgram() throws {
        let file = try Reading.file("services:\n- { name: a, topics: [b], command: [/no/such] }")
        #expect(
            file.warnings == [
                "belfry.yaml:2:37: services[1].command[1]: /no/such is not there, or can't be executed"
            ])
    }

    @Test("may have 64 services")
    func sixtyFour() throws {
        let lines = (1...64).map { "- { name: s\($0), topics: [b], command: [/usr/bin/page] }\n" }.joined()
        #expect(try Reading.settings("services:\n" + lines).services.count == 64)
    }

    @Test("may keep for a service whatever comes, as long as it takes, which is the default")
    func retainsAll() throws {
        let settings = try Reading.settings(Reading.service("retain: { bytes: none, age: none }"))
        #expect(settings == (try Reading.settings(Reading.service("mode: exec"))))
        #expect(settings.services.first?.retain == Settings.Service.Retain())
    }

    @Test("survives the way through the image")
    func image() throws {
        let settings = try Reading.settings(Reading.service("user: me, limits: { core: 0 }"))
        #expect(try SettingsImage.decode(SettingsImage.encode(settings).span) == settings)
    }

    static let everything: Settings.Service = {
        var expected = Settings.Service(
            name: "on-call", topics: ["alerts.disk.>", "syslog.daemon.crit"],
            command: ["/etc/belfry/run.sh", "--now", "5"])
        expected.mode = .stream
        expected.instances = 3
        expected.lanes = 2
        expected.concurrency = 4
        expected.inFlight = 256
        expected.ackTimeout = .seconds(1)
        expected.idleTimeout = nil
        expected.retry.attempts = 2
        expected.retry.backoff = .milliseconds(5)
        expected.retry.maxBackoff = .seconds(60)
        expected.retry.jitter = 10
        expected.retry.timeLimit = .seconds(3600)
        expected.retain.bytes = 1 << 30
        expected.retain.age = .seconds(86_400)
        expected.order = .topic
        expected.directory = "/etc/belfry/data"
        expected.environment = [
            .init(name: "A", value: "1"), .init(name: "B", value: ""), .init(name: "C", value: "x y"),
        ]
        expected.credentials = .init(user: "nobody", uid: 65_534, gid: 4, groups: [65_534, 4])
        expected.limits = [
            .init(name: "nofile", resource: ResourceLimit.descriptors.resource, soft: 64, hard: 64),
            .init(
                name: "as", resource: ResourceLimit.addressSpace.resource, soft: 1 << 30, hard: ResourceLimit.infinity),
        ]
        expected.onRemove = .dead
        expected.renamedFrom = "pager"
        return expected
    }()

    @Test(
        "has stream services that speak frames",
        arguments: ["mode: stream, framing: frames", "framing: frames, mode: stream"])
    func frames(_ keys: String) throws {
        let service = try #require(try Reading.settings(Reading.service(keys)).services.first)
        #expect(service.usesFrames)
    }
}
