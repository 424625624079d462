// SPDX-License-Identifier: Apache-2.0
/// The status as one JSON object; every key is written down in docs/operations.md.
///
/// Used by the supervisor for `status json`.
/// Invariant: every key is always there; what is not known now is null.

package import Wire

extension StatusReport {
    package func write(into json: inout JSONWriter) {
        json.beginObject()
        json.member("time", time: now)
        json.member("generation", generation)
        json.member("pid", UInt64(pid.magnitude))
        json.member("image")
        image.write(into: &json)
        json.member("replaced", isReplaced)
        json.member("state", state.rawValue)
        json.member("uptime", uptime)
        json.member("address", address)
        json.member("udp", udp)
        json.member("tcp", tcp)
        writeRoles(into: &json)
        json.member("services")
        json.beginArray()
        for service in services { service.write(into: &json) }
        json.endArray()
        json.member("ring")
        ring.write(into: &json)
        json.member("rates")
        json.beginObject()
        json.member("received", rates.received)
        json.member("delivered", rates.delivered)
        json.endObject()
        json.member("warnings")
        json.beginArray()
        for warning in warnings { json.string(warning) }
        json.endArray()
        json.member("keeper")
        keeper.write(into: &json)
        json.member("incidents")
        json.beginArray()
        for incident in incidents { incident.write(into: &json) }
        json.endArray()
        json.endObject()
    }

    private func writeRoles(into json: inout JSONWriter) {
        json.member("acceptor")
        acceptor.write(into: &json)
        json.member("committer")
        committer.write(into: &json)
        json.member("workers")
        json.beginArray()
        for worker in workers { worker.write(into: &json) }
        json.endArray()
    }
}

extension StatusReport.Keeper {
    fileprivate func write(into json: inout JSONWriter) {
        json.beginObject()
        json.member("pid", orNull: pid.map { UInt64($0.magnitude) })
        json.member("age", age)
        json.member("restarts", restarts)
        json.member("waiting", waiting)
        json.member("trouble", orNull: trouble)
        json.endObject()
    }
}

extension StatusReport.Acceptor {
    fileprivate func write(into json: inout JSONWriter) {
        json.beginObject()
        json.member("pid", orNull: pid.map { UInt64($0.magnitude) })
        json.member("age", age)
        json.member("restarts", restarts)
        json.member("connections", connections)
        json.endObject()
    }
}

extension StatusReport.Committer {
    fileprivate func write(into json: inout JSONWriter) {
        json.beginObject()
        json.member("pid", orNull: pid.map { UInt64($0.magnitude) })
        json.member("age", age)
        json.member("restarts", restarts)
        json.member("trouble", orNull: trouble)
        json.endObject()
    }
}

extension StatusReport.Worker {
    fileprivate func write(into json: inout JSONWriter) {
        json.beginObject()
        json.member("index", UInt64(index.magnitude))
        json.member("pid", orNull: pid.map { UInt64($0.magnitude) })
        json.member("age", age)
        json.member("restarts", restarts)
        json.member("leases", UInt64(leases.magnitude))
        json.endObject()
    }
}

extension StatusReport.Service {
    fileprivate func write(into json: inout JSONWriter) {
        json.beginObject()
        json.member("name", name)
        json.member("mode", mode)
        json.member("state", state.rawValue)
        json.member("until", timeOrNull: until)
        json.member("reason", orNull: reason)
        json.member("instances", instances)
        json.member("waiting", waiting)
        json.member("in-flight", inFlight)
        json.member("backing-off", backingOff)
        json.member("parked", parked)
        json.member("delivered", delivered)
        json.member("retried", retried)
        json.endObject()
    }
}

extension StatusReport.Ring {
    fileprivate func write(into json: inout JSONWriter) {
        json.beginObject()
        json.member("used", used)
        json.member("size", size)
        json.member("records", records)
        json.member("capacity", capacity)
        json.member("oldest", timeOrNull: oldest)
        json.member("held-by", orNull: heldBy)
        json.endObject()
    }
}
