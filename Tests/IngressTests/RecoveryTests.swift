// SPDX-License-Identifier: Apache-2.0

import Control
import LinuxIO
import Ring
import Testing

@testable import Ingress

/// What a new acceptor does with what a dead one has left.
@Suite("A new acceptor")
struct RecoveryTests {
    @Test("publishes what the dead one had read from the kernel and not published")
    func unpublished() throws {
        let port = try TestPort()
        try port.send("one", "two", "three")
        let dead = try port.predecessor()
        try #expect(dead.receive(from: port.udp.raw) == 3)
        try port.replaceAcceptor()
        #expect(port.records().map(\.text) == ["one", "two", "three"])
    }

    @Test("skips those datagrams of the batch that the dead one had published")
    func halfPublished() throws {
        let port = try TestPort()
        try port.send("one", "two", "three")
        let dead = try port.predecessor()
        _ = try dead.receive(from: port.udp.raw)
        let body = Array("one".utf8)
        _ = dead.append(RecordMeta(), topic: body.span, source: body.span, decoded: Span(), body: body.span)
        dead.finishDatagrams(1)
        dead.publish()
        try port.replaceAcceptor()
        #expect(port.records().map(\.text) == ["one", "two", "three"])
    }

    @Test("goes on in the middle of a train")
    func halfTrain() throws {
        let port = try TestPort()
        try port.sendTrain("onetwothr4", segment: 3)
        let dead = try port.predecessor()
        try #expect(dead.receive(from: port.udp.raw) == 1)
        dead.refuse(0)
        dead.finishDatagrams(1)
        dead.publish()
        try port.replaceAcceptor()
        #expect(port.records().map(\.text) == ["two", "thr", "4"])
        #expect(port.producer.intake.received == 4)
    }

    @Test("has nothing to do behind one that had finished its batch")
    func finished() throws {
        let port = try TestPort()
        try port.send("one")
        try port.receive(1)
        try port.replaceAcceptor()
        #expect(port.records().map(\.text) == ["one"])
        #expect(port.producer.intake.received == 1)
    }

    @Test("wakes every worker and then says that it is ready")
    func wakes() throws {
        let port = try TestPort()
        port.workerBell.drain()
        try port.replaceAcceptor()
        let hasRung = port.workerBell.drain()
        #expect(hasRung)
        #expect(port.heard() == .ready(settingsVersion: 1))
    }
}
