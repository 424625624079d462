// SPDX-License-Identifier: Apache-2.0
/// The settings image: whole round trips, and the refusal of everything that is not one.

import Settings
import Testing

@Suite("The settings image")
struct SettingsImageTests {
    @Test("gives back the defaults")
    func defaults() throws {
        let settings = Settings()
        #expect(try SettingsImage.decode(SettingsImage.encode(settings).span) == settings)
    }

    @Test("gives back every field of every section")
    func everyField() throws {
        let settings = Self.everything
        #expect(try SettingsImage.decode(SettingsImage.encode(settings).span) == settings)
    }

    @Test("may be followed by the zeros of a whole page")
    func padding() throws {
        let image = SettingsImage.encode(Self.everything) + [UInt8](repeating: 0, count: 4096)
        #expect(try SettingsImage.decode(image.span) == Self.everything)
    }

    @Test("is refused when anything but zeros follows it")
    func rubbishBehind() {
        let image = SettingsImage.encode(Settings()) + [0, 7]
        #expect(throws: SettingsImageError.corrupt("padding")) { try SettingsImage.decode(image.span) }
    }

    @Test("is refused when it is cut at any byte")
    func everyTruncation() {
        let image = SettingsImage.encode(Self.everything)
        for count in image.indices {
            let cut = Array(image.prefix(count))
            #expect(throws: SettingsImageError.truncated) { try SettingsImage.decode(cut.span) }
        }
    }

    @Test("is refused when any byte of it has changed")
    func everyCorruption() {
        let image = SettingsImage.encode(Self.everything)
        for index in image.indices {
            for change in [UInt8(0x01), 0x80, 0xFF] {
                var changed = image
                changed[index] ^= change
                #expect(throws: SettingsImageError.self) { try SettingsImage.decode(changed.span) }
            }
        }
    }

    @Test("of another layout version says which")
    func otherVersion() {
        var image = SettingsImage.encode(Settings())
        image[7] = 9
        #expect(throws: SettingsImageError.version(9)) { try SettingsImage.decode(image.span) }
    }

    @Test("is refused when a number lies outside its limits, though the checksum is right", arguments: [0, 65])
    func outside(workers: Int) {
        var settings = Settings()
        settings.workers.count = workers
        let image = SettingsImage.encode(settings)
        #expect(throws: SettingsImageError.corrupt("workers.count")) { try SettingsImage.decode(image.span) }
    }

    @Test(
        "is refused when a time is beyond all measure",
        arguments: [Duration.seconds(Int64.max), .seconds(400 * 86_400)])
    func endless(grace: Duration) {
        var settings = Settings()
        settings.shutdown.grace = grace
        let image = SettingsImage.encode(settings)
        #expect(throws: SettingsImageError.corrupt("shutdown.grace")) { try SettingsImage.decode(image.span) }
    }

    @Test("is refused with more services than there are slots")
    func tooManyServices() {
        var settings = Settings()
        for index in 0...SettingsLimits.services {
            settings.services.append(.init(name: "s\(index)", topics: [">"], command: ["/bin/true"]))
        }
        let image = SettingsImage.encode(settings)
        #expect(throws: SettingsImageError.corrupt("services")) { try SettingsImage.decode(image.span) }
    }

    /// No field at its default, so that one left out of the image shows.
    static let everything: Settings = {
        var settings = Settings()
        settings.version = 1 << 40
        settings.port.address = "::1"
        settings.port.number = 514
        settings.port.udp = false
        settings.port.tcp = false
        settings.port.maxMessage = 1000
        settings.port.maxConnections = 7
        settings.port.frameTimeout = .milliseconds(1500)
        settings.port.idleTimeout = .seconds(60)
        settings.port.receiveBuffer = 65_536
        settings.port.gather = .milliseconds(2)
        settings.workers.count = 4
        settings.workers.stuckAfter = .seconds(3)
        settings.ring.size = 1 << 20
        settings.ring.durability = .disk
        settings.state.directory = "/tmp/état"
        settings.control.socket = "/tmp/control.sock"
        settings.control.telnet = .init(address: "::1", port: 2356)
        settings.control.tokenFile = "/etc/token"
        settings.control.read = .init(users: [1000], groups: [27, 4])
        settings.control.bodies = .init()
        settings.shutdown.grace = .nanoseconds(1)
        settings.services = [exec, stream]
        return settings
    }()

    static let exec: Settings.Service = {
        var service = Settings.Service(name: "on-call", topics: ["a.>", "b"], command: ["/bin/page", "--now", ""])
        service.lanes = 3
        service.concurrency = 9
        service.ackTimeout = .seconds(1)
        service.idleTimeout = nil
        service.retry.attempts = 2
        service.retry.backoff = .milliseconds(5)
        service.retry.maxBackoff = .seconds(6)
        service.retry.jitter = 0
        service.retry.timeLimit = .seconds(3600)
        service.retain.bytes = 1 << 40
        service.retain.age = .milliseconds(7)
        service.order = .source
        service.directory = "/srv"
        service.environment = [.init(name: "A", value: "1"), .init(name: "B", value: "")]
        service.credentials = .init(user: "nobody", uid: 65_534, gid: 65_533, groups: [65_533, 4])
        service.limits = [.init(name: "nofile", resource: 7, soft: 10, hard: UInt64.max)]
        service.onRemove = .drop
        service.renamedFrom = "pager"
        service.placement = .init(slot: 63, incarnation: 1 << 33, state: .dropping)
        return service
    }()

    static let stream: Settings.Service = {
        var service = Settings.Service(name: "archive", topics: [">"], command: ["/bin/cat"])
        service.mode = .stream
        service.framing = .frames
        service.instances = 5
        service.inFlight = 256
        service.onRemove = .dead
        service.order = .topic
        return service
    }()
}
