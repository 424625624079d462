// SPDX-License-Identifier: Apache-2.0
/// The services out of their JSON.
///
/// Used by the command-line tool.
/// Invariant: what is missing or null keeps its default; a state that has no word here makes the report unreadable.

extension ServicesReport {
    package init?(_ json: JSONValue) {
        guard let now = json["time"]?.time else { return nil }
        self.now = now
        let services = json["services"]?.elements ?? []
        self.services = services.compactMap(Service.init)
        guard self.services.count == services.count else { return nil }
    }
}

extension ServicesReport.Service {
    fileprivate init?(_ json: JSONValue) {
        guard let state = StatusReport.ServiceState(rawValue: json["state"]?.string ?? "") else { return nil }
        self.state = state
        name = json["name"]?.string ?? ""
        isPaused = json["paused"]?.bool ?? false
        isRetiring = json["retiring"]?.bool ?? false
        until = json["until"]?.time
        reason = json["reason"]?.string
        definition = ServicesReport.Definition(json["definition"] ?? .null)
        instances = json["instances"]?.count ?? 0
        shards = json["shards"]?.count ?? 0
        workers = (json["workers"]?.elements ?? []).compactMap(\.count)
        counts = ServicesReport.Counts(json)
        oldest = json["oldest"]?.time
        launchTime = ServicesReport.Times(json["launch-time"] ?? .null)
        runTime = ServicesReport.Times(json["run-time"] ?? .null)
        failures = (json["failures"]?.elements ?? []).map {
            ServicesReport.Failure(
                time: $0["time"]?.time ?? 0, count: $0["count"]?.count ?? 0, words: $0["words"]?.string ?? "")
        }
    }
}

extension ServicesReport.Definition {
    fileprivate init(_ json: JSONValue) {
        topics = (json["topics"]?.elements ?? []).compactMap(\.string)
        command = (json["command"]?.elements ?? []).compactMap(\.string)
        mode = json["mode"]?.string ?? ""
        framing = json["framing"]?.string
        order = json["order"]?.string ?? ""
        instances = json["instances"]?.count
        inFlight = json["in-flight"]?.count
        idleTimeout = json["idle-timeout"]?.count
        lanes = json["lanes"]?.count
        concurrency = json["concurrency"]?.count
        ackTimeout = json["ack-timeout"]?.count ?? 0
        attempts = json["retry"]?["attempts"]?.count ?? 0
        backoff = json["retry"]?["backoff"]?.count ?? 0
        maxBackoff = json["retry"]?["max-backoff"]?.count ?? 0
        jitter = json["retry"]?["jitter"]?.count ?? 0
        timeLimit = json["retry"]?["time-limit"]?.count
        retainBytes = json["retain"]?["bytes"]?.count
        retainAge = json["retain"]?["age"]?.count
        onRemove = json["on-remove"]?.string ?? ""
        directory = json["directory"]?.string
        user = json["user"]?.string
        limits = (json["limits"]?.members ?? []).map {
            ServicesReport.Limit($0.name, soft: $0.value["soft"]?.count, hard: $0.value["hard"]?.count)
        }
    }
}

extension ServicesReport.Counts {
    fileprivate init(_ json: JSONValue) {
        matched = json["matched"]?.count ?? 0
        waiting = json["waiting"]?.count ?? 0
        inFlight = json["in-flight"]?.count ?? 0
        backingOff = json["backing-off"]?.count ?? 0
        parked = json["parked"]?.count ?? 0
        delivered = json["delivered"]?.count ?? 0
        dead = json["dead"]?.count ?? 0
        dropped = (json["dropped"]?.members ?? []).map { LedgerReport.Count($0.name, $0.value.count ?? 0) }
        retried = json["retried"]?.count ?? 0
        launches = json["launches"]?.count ?? 0
        launchFailures = json["launch-failures"]?.count ?? 0
    }
}

extension ServicesReport.Times {
    fileprivate init(_ json: JSONValue) {
        count = json["count"]?.count ?? 0
        p50 = json["p50"]?.count
        p99 = json["p99"]?.count
    }
}
