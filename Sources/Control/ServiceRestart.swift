// SPDX-License-Identifier: Apache-2.0
/// What came of `restart NAME…`: for each service, how many of its processes are new.
///
/// Filled in by the supervisor; shown by `belfry restart`.
/// Invariant: where a new process did not come up, the one before it serves on, and `failed` counts it.

package import Wire

package struct ServiceRestart: Report, Equatable {
    package struct Service: Equatable, Sendable {
        package var name = ""
        /// Of a service with a process for each message nothing is restarted.
        package var isExec = false
        package var replaced: UInt64 = 0
        /// Instances of which no process ran.
        package var idle: UInt64 = 0
        package var failed: UInt64 = 0

        package init() {}
    }

    package var services: [Service] = []

    package init() {}

    /// Names of those of which not all processes are new.
    package var failed: [String] { services.filter { $0.failed > 0 }.map(\.name) }

    package init?(_ json: JSONValue) {
        guard json["action"]?.string == "restart", let services = json["services"] else { return nil }
        self.services = services.elements.map { json in
            var service = Service()
            service.name = json["name"]?.string ?? ""
            service.isExec = json["mode"]?.string == "exec"
            service.replaced = json["replaced"]?.count ?? 0
            service.idle = json["idle"]?.count ?? 0
            service.failed = json["failed"]?.count ?? 0
            return service
        }
    }

    package func write(into json: inout JSONWriter) {
        json.beginObject()
        json.member("action", "restart")
        json.member("services")
        json.beginArray()
        for service in services {
            json.beginObject()
            json.member("name", service.name)
            json.member("mode", service.isExec ? "exec" : "stream")
            json.member("replaced", service.replaced)
            json.member("idle", service.idle)
            json.member("failed", service.failed)
            json.endObject()
        }
        json.endArray()
        json.endObject()
    }

    package func text(_ style: TextStyle) -> [UInt8] {
        var table = TextTable(style)
        if services.isEmpty { table.paragraph("there are no services", indent: 0) }
        for service in services {
            table.paragraph(
                "restart \(service.name): \(service.words)", indent: 0, service.failed > 0 ? .yellow : .plain)
        }
        return table.bytes
    }
}

extension ServiceRestart.Service {
    fileprivate var words: String {
        if isExec { return "each message has a process of its own, there is nothing to restart" }
        var parts: [String] = []
        if replaced > 0 { parts.append("\(replaced) new process\(replaced == 1 ? "" : "es")") }
        if idle > 0 { parts.append("\(idle) did not run, the next message starts a new one") }
        if failed > 0 {
            parts.append("\(failed) did not come up, the old process serves on (`belfry services \(name)` tells why)")
        }
        return parts.isEmpty ? "it has gone meanwhile" : parts.joined(separator: "; ")
    }
}
