// SPDX-License-Identifier: Apache-2.0
/// Writes the fields of the settings image, one after the other, little-endian.
///
/// Used by SettingsImage.encode. A text is its length (u32) and its UTF-8; a list its count (u32) and its elements;
/// a duration its nanoseconds (u64), with all bits set for "none".
/// Invariant: mirrors ImageReader field by field; a new field goes into both and raises the layout version.

struct ImageWriter {
    static let noDuration = UInt64.max

    var bytes: [UInt8] = []

    mutating func append(_ settings: Settings) {
        append(settings.version)
        append(settings.port)
        append(settings.workers.count)
        append(settings.workers.stuckAfter)
        append(settings.ring.size)
        append(settings.ring.durability.rawValue)
        append(settings.state.directory)
        append(settings.control)
        append(settings.shutdown.grace)
        append(settings.update.probation)
        append(settings.update.drainTimeout)
        append(settings.services) { $0.append($1) }
    }

    mutating func append(_ value: UInt32) {
        for shift in stride(from: UInt32(0), to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    private mutating func append(_ port: Settings.Port) {
        append(port.address)
        append(UInt32(port.number))
        append(port.udp)
        append(port.tcp)
        append(port.maxMessage)
        append(port.maxConnections)
        append(port.frameTimeout)
        append(port.idleTimeout)
        append(port.receiveBuffer)
        append(port.gather)
    }

    private mutating func append(_ control: Settings.Control) {
        append(control.socket)
        append(control.telnet?.address)
        if let telnet = control.telnet { append(UInt32(telnet.port)) }
        append(control.tokenFile)
        for permission in [control.read, control.bodies, control.change] {
            append(permission != nil)
            guard let permission else { continue }
            append(permission.users) { $0.append($1) }
            append(permission.groups) { $0.append($1) }
        }
    }

    private mutating func append(_ service: Settings.Service) {
        append(service.name)
        append(service.topics) { $0.append($1) }
        append(service.command) { $0.append($1) }
        append(service.mode.rawValue)
        append(service.framing.rawValue)
        append(service.instances)
        append(service.lanes)
        append(service.concurrency)
        append(service.inFlight)
        append(service.ackTimeout)
        append(service.idleTimeout)
        append(service.retry.attempts)
        append(service.retry.backoff)
        append(service.retry.maxBackoff)
        append(service.retry.jitter)
        append(service.retry.timeLimit)
        append(service.retain.bytes)
        append(service.retain.age)
        append(service.order.rawValue)
        append(service.onRemove.rawValue)
        append(service.directory)
        append(service.renamedFrom)
        appendProcess(of: service)
        append(service.placement != nil)
        if let placement = service.placement {
            append(placement.slot)
            append(placement.incarnation)
            append(placement.state.rawValue)
        }
    }

    private mutating func appendProcess(of service: Settings.Service) {
        append(service.environment) { writer, variable in
            writer.append(variable.name)
            writer.append(variable.value)
        }
        append(service.credentials != nil)
        if let credentials = service.credentials {
            append(credentials.user)
            append(credentials.uid)
            append(credentials.gid)
            append(credentials.groups) { $0.append($1) }
        }
        append(service.limits) { writer, limit in
            writer.append(limit.name)
            writer.append(UInt32(bitPattern: limit.resource))
            writer.append(limit.soft)
            writer.append(limit.hard)
        }
    }

    private mutating func append(_ value: UInt8) { bytes.append(value) }

    private mutating func append(_ value: Bool) { bytes.append(value ? 1 : 0) }

    private mutating func append(_ value: UInt64) {
        append(UInt32(truncatingIfNeeded: value))
        append(UInt32(truncatingIfNeeded: value >> 32))
    }

    private mutating func append(_ value: Int) { append(UInt64(bitPattern: Int64(value))) }

    private mutating func append(_ value: Int?) {
        append(value != nil)
        if let value { append(value) }
    }

    private mutating func append(_ value: Duration?) { append(value?.imageNanoseconds ?? Self.noDuration) }

    private mutating func append(_ value: String) {
        append(UInt32(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    private mutating func append(_ value: String?) {
        append(value != nil)
        if let value { append(value) }
    }

    private mutating func append<Element>(_ list: [Element], each: (inout Self, Element) -> Void) {
        append(UInt32(list.count))
        for element in list { each(&self, element) }
    }
}
