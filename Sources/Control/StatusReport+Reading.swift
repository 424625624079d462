// SPDX-License-Identifier: Apache-2.0
/// The status out of its JSON.
///
/// Used by the command-line tool.
/// Invariant: what is missing or null keeps its default; a state that has no word here makes the report unreadable.

extension StatusReport {
    package init?(_ json: JSONValue) {
        self.init()
        guard let now = json["time"]?.time, let state = State(rawValue: json["state"]?.string ?? "") else { return nil }
        self.now = now
        self.state = state
        generation = json["generation"]?.count ?? 1
        pid = json["pid"]?.processID ?? 0
        image = ProgramImage(json["image"] ?? .null)
        isReplaced = json["replaced"]?.bool ?? false
        uptime = json["uptime"]?.count ?? 0
        address = json["address"]?.string ?? ""
        udp = json["udp"]?.bool ?? false
        tcp = json["tcp"]?.bool ?? false
        acceptor = Acceptor(json["acceptor"] ?? .null)
        committer = Committer(json["committer"] ?? .null)
        workers = (json["workers"]?.elements ?? []).map(Worker.init)
        let services = json["services"]?.elements ?? []
        self.services = services.compactMap(Service.init)
        guard self.services.count == services.count else { return nil }
        ring = Ring(json["ring"] ?? .null)
        rates.received = json["rates"]?["received"]?.count ?? 0
        rates.delivered = json["rates"]?["delivered"]?.count ?? 0
        warnings = (json["warnings"]?.elements ?? []).compactMap(\.string)
        keeper = Keeper(json["keeper"] ?? .null)
        incidents = (json["incidents"]?.elements ?? []).compactMap(Incident.init)
    }
}

extension StatusReport.Keeper {
    fileprivate init(_ json: JSONValue) {
        pid = json["pid"]?.processID
        age = json["age"]?.count ?? 0
        restarts = json["restarts"]?.count ?? 0
        waiting = json["waiting"]?.count ?? 0
        trouble = json["trouble"]?.string
    }
}

extension StatusReport.Acceptor {
    fileprivate init(_ json: JSONValue) {
        pid = json["pid"]?.processID
        age = json["age"]?.count ?? 0
        restarts = json["restarts"]?.count ?? 0
        connections = json["connections"]?.count ?? 0
    }
}

extension StatusReport.Committer {
    fileprivate init(_ json: JSONValue) {
        pid = json["pid"]?.processID
        age = json["age"]?.count ?? 0
        restarts = json["restarts"]?.count ?? 0
        trouble = json["trouble"]?.string
    }
}

extension StatusReport.Worker {
    fileprivate init(_ json: JSONValue) {
        index = Int(clamping: json["index"]?.count ?? 0)
        pid = json["pid"]?.processID
        age = json["age"]?.count ?? 0
        restarts = json["restarts"]?.count ?? 0
        leases = Int(clamping: json["leases"]?.count ?? 0)
    }
}

extension StatusReport.Service {
    fileprivate init?(_ json: JSONValue) {
        guard let state = StatusReport.ServiceState(rawValue: json["state"]?.string ?? "") else { return nil }
        self.state = state
        name = json["name"]?.string ?? ""
        mode = json["mode"]?.string ?? ""
        until = json["until"]?.time
        reason = json["reason"]?.string
        instances = json["instances"]?.count ?? 0
        waiting = json["waiting"]?.count ?? 0
        inFlight = json["in-flight"]?.count ?? 0
        backingOff = json["backing-off"]?.count ?? 0
        parked = json["parked"]?.count ?? 0
        delivered = json["delivered"]?.count ?? 0
        retried = json["retried"]?.count ?? 0
    }
}

extension StatusReport.Ring {
    fileprivate init(_ json: JSONValue) {
        used = json["used"]?.count ?? 0
        size = json["size"]?.count ?? 0
        records = json["records"]?.count ?? 0
        capacity = json["capacity"]?.count ?? 0
        oldest = json["oldest"]?.time
        heldBy = json["held-by"]?.string
    }
}

extension JSONValue {
    fileprivate var processID: Int32? { count.flatMap(Int32.init(exactly:)) }
}
