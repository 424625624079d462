// SPDX-License-Identifier: Apache-2.0
/// What is on its way to the keeper over one socket: sent under numbers, and held until the keeper says that it is on the
/// disk.
///
/// Used by workers for dead letters and by the supervisor for its notes; each watches the socket in its own loop.
/// Invariant: items stand in the order in which they came; the first `sent` of them have gone out to the keeper that is
/// there, under the numbers from `first` on. A new keeper gets all that is left once more.

package import LinuxIO
import Wire

package final class KeeperOutbox<Item> {
    /// Bytes that wait for the socket.
    private let backlog = 1 << 20

    package private(set) var items: [Item] = []
    private var socket: Descriptor?
    private let output = ByteBuffer(capacity: 4_096, limit: Int(Int32.max))
    private let input = ByteBuffer(capacity: 4_096, limit: 65_536)
    private var sent = 0
    private var first: UInt64 = 1

    package init() {}

    /// The socket, while there is one.
    package var raw: CInt? { socket?.raw }
    /// Bytes wait for it.
    package var hasBacklog: Bool { !output.isEmpty }

    package func add(_ item: Item) { items.append(item) }

    /// Forgets those that have not gone out. What has keeps its number: KEPT for it finds nothing to be done.
    package func forget(where isForgotten: (Item) -> Bool) {
        guard items.contains(where: isForgotten) else { return }
        items = items.enumerated().filter { $0.offset < sent || !isForgotten($0.element) }.map(\.element)
    }

    /// There is a keeper, or another one.
    package func adopt(_ descriptor: consuming Descriptor) throws(SystemCallError) {
        close()
        try Descriptor.setNonBlocking(descriptor.raw)
        socket = consume descriptor
    }

    package func close() {
        socket = nil
        input.consume(input.count)
        output.consume(output.count)
        (sent, first) = (0, 1)
    }

    /// Sends what can be sent.
    /// - Parameter encode: makes an item's frame; false if it is not to be kept any more.
    /// - Returns: false if the keeper has gone.
    package func send(_ encode: (Item, _ number: UInt64, inout [UInt8]) -> Bool) -> Bool {
        guard let raw else { return true }
        while sent < items.count, output.count < backlog {
            var frame: [UInt8] = []
            if encode(items[sent], first &+ UInt64(sent), &frame) {
                output.append(frame)
                sent += 1
            } else {
                items.remove(at: sent)
            }
        }
        guard !output.isEmpty else { return true }
        switch output.write(to: raw) {
        case .wrote, .wouldBlock: return true
        case .closed, .failed: return false
        }
    }

    /// Reads what the keeper says.
    /// - Parameter kept: called for each item that is on the disk.
    /// - Returns: false if it has gone, or says what is no frame.
    package func receive(_ kept: (Item) -> Void) -> Bool {
        guard let raw else { return true }
        while true {
            switch input.receive(from: raw) {
            case .bytes: guard take(kept) else { return false }
            case .wouldBlock: return true
            case .closed, .failed, .full: return false
            }
        }
    }

    private func take(_ kept: (Item) -> Void) -> Bool {
        var numbers: [UInt64] = []
        var isReadable = true
        let used = input.withReadable { bytes in
            var start = 0
            while true {
                switch KeeperFrame.next(in: bytes, from: start) {
                case .frame(let frame, let next):
                    if case .kept(let number) = frame { numbers.append(number) }
                    start = next
                case .more: return start
                case .unreadable:
                    isReadable = false
                    return start
                }
            }
        }
        input.consume(used)
        for number in numbers { settle(upTo: number, kept) }
        return isReadable
    }

    private func settle(upTo number: UInt64, _ kept: (Item) -> Void) {
        guard number >= first else { return }
        let count = min(sent, Int(clamping: number - first + 1))
        for item in items[..<count] { kept(item) }
        items.removeFirst(count)
        sent -= count
        first += UInt64(count)
    }
}
