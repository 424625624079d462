// SPDX-License-Identifier: Apache-2.0
/// A ring of its own for one test, filled as the acceptor would fill it.
/// Invariant: it lives in memory files only, so nothing of it outlasts the test.

import LinuxIO
import Ring
import Wire

final class SmallRing {
    static let logID: UInt64 = 0x0123_4567_89AB_CDEF
    private let files: RingFiles
    private let page: MemoryFile
    private let producer: RingProducer

    init() throws {
        let files = try RingFiles(
            creating: RingGeometry(arenaSize: 1 << 16, descriptorCount: 64), logID: Self.logID, now: 1)
        let page = try MemoryFile(named: "page", size: ProcessPage.size)
        producer = try RingProducer(
            control: ControlReader(MemoryFile.map(files.control.descriptor.raw, writable: false)),
            log: MemoryFile.map(files.log.descriptor.raw, writable: true),
            outcomes: MemoryFile.map(files.outcomes.descriptor.raw, writable: false),
            page: ProcessPage(MemoryFile.map(page.descriptor.raw, writable: true)))
        self.files = files
        self.page = page
    }

    func observer() throws -> RingObserver {
        try RingObserver(log: MemoryFile.map(files.log.descriptor.raw, writable: false))
    }

    /// Lends a descriptor as the supervisor hands it out.
    func withReader(_ body: (CInt) throws -> Void) throws {
        let reader = try files.log.readOnlyDescriptor()
        try body(reader.raw)
    }

    func publish(
        _ body: [UInt8], topic: String = "raw", source: String = "127.0.0.1:7", at time: UInt64 = 0,
        decoded: String = "", kind: DecodedMessage.Kind = .none, by wireProtocol: WireProtocol = .text
    ) {
        var meta = RecordMeta()
        meta.time = time
        meta.wireProtocol = wireProtocol.rawValue
        meta.decodedKind = kind.rawValue
        let (topic, source, decoded) = (Array(topic.utf8), Array(source.utf8), Array(decoded.utf8))
        _ = producer.append(meta, topic: topic.span, source: source.span, decoded: decoded.span, body: body.span)
        producer.publish()
    }

    /// What `render` makes of all that is published.
    func lines(_ render: (RecordHeader, Span<UInt8>, inout [UInt8]) -> Void) throws -> String {
        let observer = try observer()
        observer.seek(to: 1)
        var out: [UInt8] = []
        while let record = observer.read(before: observer.head, where: { _, _ in true }) {
            let payload = observer.payload
            render(record, payload.span, &out)
        }
        return String(decoding: out, as: UTF8.self)
    }
}
