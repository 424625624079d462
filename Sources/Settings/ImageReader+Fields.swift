// SPDX-License-Identifier: Apache-2.0
/// The order of the fields in the settings image, as they are read.
///
/// Used by SettingsImage.decode alone.
/// Invariant: mirrors ImageWriter field by field; what comes out lies within SettingsLimits.

extension ImageReader {
    mutating func settings(_ bytes: Span<UInt8>) throws(SettingsImageError) -> Settings {
        var settings = Settings()
        settings.version = try uint64(bytes)
        settings.port = try port(bytes)
        settings.workers.count = try number(bytes, "workers.count", SettingsLimits.workers)
        settings.workers.stuckAfter = try duration(bytes, "workers.stuck-after")
        settings.ring.size = try number(bytes, "ring.size", SettingsLimits.ringSize)
        settings.ring.durability = try choice(bytes, "ring.durability", Settings.Durability.self)
        settings.state.directory = try text(bytes, "state.directory")
        settings.control = try control(bytes)
        settings.shutdown.grace = try duration(bytes, "shutdown.grace")
        settings.update.probation = try duration(bytes, "update.probation")
        settings.update.drainTimeout = try optionalDuration(bytes, "update.drain-timeout")
        settings.services = try list(bytes, "services", 0...SettingsLimits.services) {
            (reader: inout Self, bytes: Span<UInt8>) throws(SettingsImageError) in try reader.service(bytes)
        }
        guard settings.port.maxMessage <= settings.ring.size / SettingsLimits.arenaShare else {
            throw .corrupt("port.max-message")
        }
        return settings
    }

    private mutating func port(_ bytes: Span<UInt8>) throws(SettingsImageError) -> Settings.Port {
        var port = Settings.Port()
        port.address = try text(bytes, "port.address")
        guard let number = UInt16(exactly: try uint32(bytes)) else { throw .corrupt("port.number") }
        port.number = number
        port.udp = try flag(bytes)
        port.tcp = try flag(bytes)
        port.maxMessage = try self.number(bytes, "port.max-message", SettingsLimits.maxMessage)
        port.maxConnections = try self.number(bytes, "port.max-connections", SettingsLimits.maxConnections)
        port.frameTimeout = try duration(bytes, "port.frame-timeout")
        port.idleTimeout = try optionalDuration(bytes, "port.idle-timeout")
        port.receiveBuffer = try self.number(bytes, "port.receive-buffer", SettingsLimits.receiveBuffer)
        port.gather = try duration(bytes, "port.gather")
        guard SettingsLimits.gather.contains(port.gather) else { throw .corrupt("port.gather") }
        return port
    }

    private mutating func control(_ bytes: Span<UInt8>) throws(SettingsImageError) -> Settings.Control {
        var control = Settings.Control()
        control.socket = try text(bytes, "control.socket")
        if let address = try optionalText(bytes, "control.telnet") {
            guard let port = UInt16(exactly: try uint32(bytes)) else { throw .corrupt("control.telnet") }
            control.telnet = .init(address: address, port: port)
        }
        control.tokenFile = try optionalText(bytes, "control.token-file")
        control.read = try permission(bytes, "control.read")
        control.bodies = try permission(bytes, "control.bodies")
        control.change = try permission(bytes, "control.change")
        return control
    }

    private mutating func permission(
        _ bytes: Span<UInt8>, _ field: String
    ) throws(SettingsImageError) -> Settings.Control.Permission? {
        guard try flag(bytes) else { return nil }
        let users = try numbers(bytes, field)
        return .init(users: users, groups: try numbers(bytes, field))
    }

    private mutating func numbers(_ bytes: Span<UInt8>, _ field: String) throws(SettingsImageError) -> [UInt32] {
        try list(bytes, field, 0...SettingsLimits.groups) {
            (reader: inout Self, bytes: Span<UInt8>) throws(SettingsImageError) in try reader.uint32(bytes)
        }
    }

    private mutating func service(_ bytes: Span<UInt8>) throws(SettingsImageError) -> Settings.Service {
        let name = try text(bytes, "service.name")
        guard SettingsLimits.nameBytes.contains(name.utf8.count) else { throw .corrupt("service.name") }
        var service = Settings.Service(
            name: name, topics: try texts(bytes, "service.topics", SettingsLimits.topicsPerService),
            command: try texts(bytes, "service.command", SettingsLimits.wordsPerCommand))
        service.mode = try choice(bytes, "service.mode", Settings.Service.Mode.self)
        service.framing = try choice(bytes, "service.framing", Settings.Service.Framing.self)
        service.instances = try number(bytes, "service.instances", SettingsLimits.shards)
        service.lanes = try number(bytes, "service.lanes", SettingsLimits.shards)
        service.concurrency = try number(bytes, "service.concurrency", SettingsLimits.concurrency)
        service.inFlight = try number(bytes, "service.in-flight", SettingsLimits.inFlight)
        service.ackTimeout = try duration(bytes, "service.ack-timeout")
        service.idleTimeout = try optionalDuration(bytes, "service.idle-timeout")
        service.retry.attempts = try number(bytes, "service.retry.attempts", SettingsLimits.attempts)
        service.retry.backoff = try duration(bytes, "service.retry.backoff")
        service.retry.maxBackoff = try duration(bytes, "service.retry.max-backoff")
        service.retry.jitter = try number(bytes, "service.retry.jitter", SettingsLimits.jitter)
        service.retry.timeLimit = try optionalDuration(bytes, "service.retry.time-limit")
        service.retain.bytes = try flag(bytes) ? try number(bytes, "service.retain.bytes", SettingsLimits.retain) : nil
        service.retain.age = try optionalDuration(bytes, "service.retain.age")
        service.order = try choice(bytes, "service.order", Settings.Service.Order.self)
        service.onRemove = try choice(bytes, "service.on-remove", Settings.Service.OnRemove.self)
        service.directory = try optionalText(bytes, "service.directory")
        service.renamedFrom = try optionalText(bytes, "service.renamed-from")
        service.environment = try environment(bytes)
        service.credentials = try flag(bytes) ? try credentials(bytes) : nil
        service.limits = try limits(bytes)
        service.placement = try flag(bytes) ? try placement(bytes) : nil
        return service
    }

    private mutating func placement(
        _ bytes: Span<UInt8>
    ) throws(SettingsImageError) -> Settings.Service.Placement {
        let slot = try number(bytes, "service.slot", 0...SettingsLimits.services - 1)
        let incarnation = try uint64(bytes)
        return .init(
            slot: slot, incarnation: incarnation,
            state: try choice(bytes, "service.state", Settings.Service.Placement.State.self))
    }

    private mutating func texts(
        _ bytes: Span<UInt8>, _ field: String, _ limits: ClosedRange<Int>
    ) throws(SettingsImageError) -> [String] {
        try list(bytes, field, limits) {
            (reader: inout Self, bytes: Span<UInt8>) throws(SettingsImageError) in try reader.text(bytes, field)
        }
    }

    private mutating func environment(
        _ bytes: Span<UInt8>
    ) throws(SettingsImageError) -> [Settings.Service.Variable] {
        try list(bytes, "service.environment", 0...SettingsLimits.variables) {
            (reader: inout Self, bytes: Span<UInt8>) throws(SettingsImageError) in
            let name = try reader.text(bytes, "service.environment")
            return .init(name: name, value: try reader.text(bytes, "service.environment"))
        }
    }

    private mutating func credentials(
        _ bytes: Span<UInt8>
    ) throws(SettingsImageError) -> Settings.Service.Credentials {
        let user = try text(bytes, "service.user")
        let uid = try uint32(bytes)
        let gid = try uint32(bytes)
        return .init(user: user, uid: uid, gid: gid, groups: try numbers(bytes, "service.group"))
    }

    private mutating func limits(_ bytes: Span<UInt8>) throws(SettingsImageError) -> [Settings.Service.Limit] {
        try list(bytes, "service.limits", 0...SettingsLimits.rlimits) {
            (reader: inout Self, bytes: Span<UInt8>) throws(SettingsImageError) in
            let name = try reader.text(bytes, "service.limits")
            let resource = Int32(bitPattern: try reader.uint32(bytes))
            let soft = try reader.uint64(bytes)
            return .init(name: name, resource: resource, soft: soft, hard: try reader.uint64(bytes))
        }
    }
}
