// SPDX-License-Identifier: Apache-2.0
/// What came of `pause`, `resume` or `retry`: for each service asked for, whether something has changed.
///
/// Filled in by the supervisor; shown by the verbs of the same names.
/// Invariant: a service that was as wanted already is told so, and is no failure.

package import Wire

package enum ServiceAction: String, Sendable, CaseIterable {
    case pause, resume, retry
}

package struct ServiceChange: Report, Equatable {
    package struct Service: Equatable, Sendable {
        package var name = ""
        package var hasChanged = false
        /// From now on.
        package var isPaused = false
        package var waiting: UInt64 = 0
        package var inFlight: UInt64 = 0
        package var backingOff: UInt64 = 0

        package init() {}
    }

    package var action: ServiceAction
    package var services: [Service] = []

    package init(_ action: ServiceAction) { self.action = action }

    package init?(_ json: JSONValue) {
        guard let action = ServiceAction(rawValue: json["action"]?.string ?? "") else { return nil }
        self.action = action
        services = (json["services"]?.elements ?? []).map { json in
            var service = Service()
            service.name = json["name"]?.string ?? ""
            service.hasChanged = json["changed"]?.bool ?? false
            service.isPaused = json["paused"]?.bool ?? false
            service.waiting = json["waiting"]?.count ?? 0
            service.inFlight = json["in-flight"]?.count ?? 0
            service.backingOff = json["backing-off"]?.count ?? 0
            return service
        }
    }

    package func write(into json: inout JSONWriter) {
        json.beginObject()
        json.member("action", action.rawValue)
        json.member("services")
        json.beginArray()
        for service in services {
            json.beginObject()
            json.member("name", service.name)
            json.member("changed", service.hasChanged)
            json.member("paused", service.isPaused)
            json.member("waiting", service.waiting)
            json.member("in-flight", service.inFlight)
            json.member("backing-off", service.backingOff)
            json.endObject()
        }
        json.endArray()
        json.endObject()
    }

    /// A line for each service.
    package func text(_ style: TextStyle) -> [UInt8] {
        var table = TextTable(style)
        if services.isEmpty { table.paragraph("there is no service", indent: 0) }
        for service in services { table.paragraph(service.sentence(action), indent: 0) }
        return table.bytes
    }
}

extension ServiceChange.Service {
    fileprivate func sentence(_ action: ServiceAction) -> String {
        switch (action, hasChanged) {
        case (.pause, true):
            "paused \(name): \(waiting &+ backingOff) wait for it"
                + (inFlight > 0 ? ", \(inFlight) in flight may still be answered" : "")
        case (.pause, false): "unchanged \(name): is paused already"
        case (.resume, true): "resumed \(name): \(waiting &+ backingOff) wait for it"
        case (.resume, false): "unchanged \(name): is not paused"
        case (.retry, true):
            "retrying \(name): \(backingOff) that backed off"
                + (isPaused ? ", as soon as it is resumed" : "")
        case (.retry, false): "unchanged \(name): nothing backs off"
        }
    }
}
