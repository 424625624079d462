// SPDX-License-Identifier: Apache-2.0

package import LinuxIO
import Ring
import Wire

/// The UDP side of the port: reads a batch, splits the offload's trains, decodes each datagram and hands it to Intake.
///
/// Used by Acceptor: `recover` once after attaching, then `receive` whenever the socket is readable.
/// Invariant: a datagram that was read from the kernel is appended or counted before the next batch is read, by this
/// process or by its successor.
package struct DatagramIntake: ~Copyable {
    private let intake: Intake
    private let page: PageCounters
    /// Datagrams or trains that one batch may hold.
    let batchLimit: Int
    private var origin = Origin(nil)
    /// What the decoders write into, again and again.
    private var message = DecodedMessage()

    package init(intake: Intake, page: PageCounters) {
        self.intake = intake
        self.page = page
        batchLimit = intake.producer.datagrams.entries
    }

    /// Works off what a dead predecessor had read and not published.
    package mutating func recover() {
        let entries = intake.producer.unpublishedEntries
        guard entries > 0 else { return }
        workOff(entries, skipping: intake.producer.consumedDatagrams)
    }

    /// Reads one batch.
    /// - Returns: how many datagrams or trains waited, `batchLimit` at most.
    package mutating func receive(from socket: CInt) throws(SystemCallError) -> Int {
        let entries = try intake.producer.receive(from: socket)
        if entries > 0 { workOff(entries, skipping: 0) }
        return entries
    }

    private mutating func workOff(_ entries: Int, skipping done: Int) {
        let producer = intake.producer
        let datagrams = producer.datagrams
        var skip = done
        var all = 0
        for entry in 0..<entries {
            if entry == 0 || !datagrams.isSameSource(entry, entry &- 1) {
                origin.change(to: datagrams.source(entry))
            }
            let segment = datagrams.message(entry).segmentSize
            let count = datagrams.withBytes(entry) { split($0, segment: segment, skipping: &skip) }
            producer.finishDatagrams(count)
            all &+= count
        }
        producer.finishBatch()
        page.count(.datagrams, UInt64(all))
    }

    /// Takes the datagrams of one entry: one, or a train of equal ones of which the last may be shorter.
    private mutating func split(_ bytes: Span<UInt8>, segment: Int, skipping skip: inout Int) -> Int {
        var start = 0
        var count = 0
        repeat {
            let end = min(start &+ max(segment, 1), bytes.count)
            if skip > 0 {
                skip &-= 1
            } else {
                take(bytes.extracting(start..<end))
                count &+= 1
            }
            start = end
        } while start < bytes.count
        return count
    }

    /// Nobody is answered: a datagram's source may be forged.
    private mutating func take(_ datagram: Span<UInt8>) {
        switch decodeDatagram(datagram, into: &message) {
        case .raw:
            if intake.take(raw: datagram, from: origin, yields: true) == .full { intake.refuse(.full) }
        case .message:
            if intake.take(message, in: datagram, from: origin, yields: true) == .full { intake.refuse(.full) }
        case .native: takeFrames(datagram)
        case .refused(let refusal): intake.refuse(refusal)
        }
    }

    private func takeFrames(_ datagram: Span<UInt8>) {
        var start = 0
        while start < datagram.count {
            switch NativeFrame.next(in: datagram, from: start, ended: true, maxMessage: intake.maxMessage) {
            case .more: return
            case .refused(let refusal):
                intake.refuse(refusal)
                return
            case .frame(let header, let payload, let next):
                takeFrame(header, payload, in: datagram)
                start = next
            }
        }
    }

    private func takeFrame(_ header: NativeFrame.Header, _ payload: Range<Int>, in datagram: Span<UInt8>) {
        guard header.kind == .publish else {
            intake.refuse(.unknownType)
            return
        }
        guard let publish = NativeFrame.publish(in: datagram, payload: payload) else {
            intake.refuse(.badFrame)
            return
        }
        if intake.take(publish, in: datagram, from: origin, sender: nil, yields: true) == .full {
            intake.refuse(.full)
        }
    }
}
