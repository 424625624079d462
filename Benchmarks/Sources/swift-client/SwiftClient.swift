// SPDX-License-Identifier: Apache-2.0
/// `swift-client`: Belfry's own Swift library as a publisher of the benchmark, with the options of the C `publish`.
///
/// Used by rows 2 and 3: `udp-gso` is DatagramPublisher, `belfry` is BlockingPublisher.
/// Invariant: it goes by the scoreboard as the C programs do: at most `window` messages between it and the consumer.

import ArgumentParser
import BelfryClient

@main
struct SwiftClient: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "swift-client", abstract: "Publishes numbered messages with Belfry's Swift library.")

    enum Kind: String, ExpressibleByArgument {
        case trains = "udp-gso"
        case native = "belfry"
    }

    @Argument var kind: Kind
    @Option var to: String
    @Option var board: String
    @Option var count: Int
    @Option var size = 128
    @Option var window = 0
    @Option var topic = "bench.message"

    func validate() throws {
        guard size >= 16 else { throw ValidationError("--size is \(size); at least 16 would be right") }
        guard Endpoint(to) != nil else { throw ValidationError("--to \(to) is no HOST:PORT") }
    }

    func run() throws {
        guard let broker = Endpoint(to) else { return }
        let board = try SharedBoard(path: board)
        switch kind {
        case .trains: try sendTrains(to: broker, board)
        case .native: try sendNative(to: broker, board)
        }
        print("{\"sent\":\(board.sent),\"accepted\":\(board.accepted)}")
    }

    private func sendTrains(to broker: Endpoint, _ board: SharedBoard) throws {
        let publisher = try DatagramPublisher(to: broker)
        var batch: [DatagramPublisher.Message] = []
        var (next, limit) = (0, window)
        board.begin()
        while next < count {
            let end = min(next + 64, count)
            batch.removeAll(keepingCapacity: true)
            for number in next..<end { batch.append(.init(topic: topic, body: body(number))) }
            // So many at most may be on their way: nothing is lost for want of a buffer. A quarter is worth waking up for.
            if window > 0, end > limit {
                try board.waitUntilReceived(end - window + window / 4)
                limit = board.received + window
            }
            try publisher.send(batch)
            next = end
            board.sent(next)
        }
    }

    private func sendNative(to broker: Endpoint, _ board: SharedBoard) throws {
        let publisher = try BlockingPublisher(to: broker)
        board.begin()
        for number in 0..<count {
            try publisher.send(topic: topic, body: body(number))
            if number & 63 == 63 { board.sent(number + 1) }
        }
        board.sent(count)
        try publisher.close()
        board.accepted(Int(publisher.counts.accepted))
    }

    /// `#`, ten digits, and `x` up to the size.
    private func body(_ number: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, length in
            // Holds: validate() saw to it that there is room for mark and digits.
            var rest = number
            unsafe buffer[0] = UInt8(ascii: "#")
            for place in stride(from: 10, through: 1, by: -1) {
                unsafe buffer[place] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            }
            unsafe buffer[11...].update(repeating: UInt8(ascii: "x"))
            length = size
        }
    }
}
