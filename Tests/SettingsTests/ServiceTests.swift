// SPDX-License-Identifier: Apache-2.0
/// What a service's description alone decides.

import Settings
import Testing

@Suite("A service")
struct ServiceTests {
    typealias Service = Settings.Service

    @Test(
        "is cut into shards by its mode and order",
        arguments: [
            (Service.Mode.exec, Service.Order.none, 3), (.exec, .source, 3), (.exec, .all, 1),
            (.stream, .none, 5), (.stream, .topic, 5), (.stream, .all, 1),
        ])
    func shards(mode: Service.Mode, order: Service.Order, expected: Int) {
        var service = Service(name: "a", topics: [">"], command: ["/bin/true"])
        service.mode = mode
        service.order = order
        service.lanes = 3
        service.instances = 5
        #expect(service.shards == expected)
    }

    @Test("has the defaults that the manual gives")
    func defaults() {
        let service = Service(name: "a", topics: [">"], command: ["/bin/true"])
        #expect(service.mode == .exec && service.framing == .lines && service.order == .none)
        #expect(service.instances == 1 && service.lanes == 1 && service.concurrency == 1 && service.inFlight == 64)
        #expect(service.ackTimeout == .seconds(30) && service.idleTimeout == .seconds(300))
        #expect(service.onRemove == .drain && service.credentials == nil)
    }
}
