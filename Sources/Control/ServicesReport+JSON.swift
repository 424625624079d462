// SPDX-License-Identifier: Apache-2.0
/// The services as one JSON object; every key is written down in docs/operations.md.
///
/// Used by the supervisor for `services json`.
/// Invariant: every key is always there; what there is none of is null.

package import Wire

extension ServicesReport {
    package func write(into json: inout JSONWriter) {
        json.beginObject()
        json.member("time", time: now)
        json.member("services")
        json.beginArray()
        for service in services { service.write(into: &json) }
        json.endArray()
        json.endObject()
    }
}

extension ServicesReport.Service {
    fileprivate func write(into json: inout JSONWriter) {
        json.beginObject()
        json.member("name", name)
        json.member("state", state.rawValue)
        json.member("paused", isPaused)
        json.member("retiring", isRetiring)
        json.member("until", timeOrNull: until)
        json.member("reason", orNull: reason)
        json.member("definition")
        definition.write(into: &json)
        json.member("instances", instances)
        json.member("shards", shards)
        json.member("workers", list: workers) { $0.integer($1) }
        counts.write(into: &json)
        json.member("oldest", timeOrNull: oldest)
        json.member("launch-time")
        launchTime.write(into: &json)
        json.member("run-time")
        runTime.write(into: &json)
        json.member("failures", list: failures) { $1.write(into: &$0) }
        json.endObject()
    }
}

extension ServicesReport.Definition {
    fileprivate func write(into json: inout JSONWriter) {
        json.beginObject()
        json.member("topics", list: topics) { $0.string($1) }
        json.member("command", list: command) { $0.string($1) }
        json.member("mode", mode)
        json.member("framing", orNull: framing)
        json.member("order", order)
        json.member("instances", orNull: instances)
        json.member("in-flight", orNull: inFlight)
        json.member("idle-timeout", orNull: idleTimeout)
        json.member("lanes", orNull: lanes)
        json.member("concurrency", orNull: concurrency)
        json.member("ack-timeout", ackTimeout)
        json.member("retry")
        json.beginObject()
        json.member("attempts", attempts)
        json.member("backoff", backoff)
        json.member("max-backoff", maxBackoff)
        json.member("jitter", jitter)
        json.member("time-limit", orNull: timeLimit)
        json.endObject()
        json.member("retain")
        json.beginObject()
        json.member("bytes", orNull: retainBytes)
        json.member("age", orNull: retainAge)
        json.endObject()
        json.member("on-remove", onRemove)
        json.member("directory", orNull: directory)
        json.member("user", orNull: user)
        json.member("limits")
        json.beginObject()
        for limit in limits { limit.write(into: &json) }
        json.endObject()
        json.endObject()
    }
}

extension ServicesReport.Limit {
    fileprivate func write(into json: inout JSONWriter) {
        json.member(name)
        json.beginObject()
        json.member("soft", orNull: soft)
        json.member("hard", orNull: hard)
        json.endObject()
    }
}

extension ServicesReport.Counts {
    /// Members of the service itself, under the names that `status` and `ledger` have for them.
    fileprivate func write(into json: inout JSONWriter) {
        json.member("matched", matched)
        json.member("waiting", waiting)
        json.member("in-flight", inFlight)
        json.member("backing-off", backingOff)
        json.member("parked", parked)
        json.member("delivered", delivered)
        json.member("dead", dead)
        json.member("dropped")
        json.beginObject()
        for entry in dropped { json.member(entry.reason, entry.count) }
        json.endObject()
        json.member("retried", retried)
        json.member("launches", launches)
        json.member("launch-failures", launchFailures)
    }
}

extension ServicesReport.Times {
    fileprivate func write(into json: inout JSONWriter) {
        json.beginObject()
        json.member("count", count)
        json.member("p50", orNull: p50)
        json.member("p99", orNull: p99)
        json.endObject()
    }
}

extension ServicesReport.Failure {
    fileprivate func write(into json: inout JSONWriter) {
        json.beginObject()
        json.member("time", time: time)
        json.member("count", count)
        json.member("words", words)
        json.endObject()
    }
}

extension JSONWriter {
    fileprivate mutating func member<Element>(
        _ name: String, list: [Element], _ write: (inout JSONWriter, Element) -> Void
    ) {
        member(name)
        beginArray()
        for element in list { write(&self, element) }
        endArray()
    }
}
