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
        // Out of the parser's wrappers, which are slow to look into.
        let (count, window) = (count, window)
        let train = 128
        var messages = [DatagramPublisher.Message](repeating: .init(topic: topic, body: body), count: train)
        var (next, limit) = (0, window)
        board.begin()
        while next < count {
            let end = min(next + train, count)
            // Only the last batch may be shorter.
            if end - next < messages.count { messages.removeLast(messages.count - (end - next)) }
            for place in messages.indices { Self.number(&messages[place].body, next + place) }
            // So many at most may be on their way: nothing is lost for want of a buffer. A quarter is worth waking up for.
            if window > 0, end > limit {
                try board.waitUntilReceived(end - window + window / 4)
                limit = board.received + window
            }
            try publisher.send(messages)
            next = end
            board.sent(next)
        }
    }

    private func sendNative(to broker: Endpoint, _ board: SharedBoard) throws {
        let publisher = try BlockingPublisher(to: broker)
        let (count, topic) = (count, topic)
        var body = body
        board.begin()
        for number in 0..<count {
            Self.number(&body, number)
            try publisher.send(topic: topic, body: body)
            if number & 63 == 63 { board.sent(number + 1) }
        }
        board.sent(count)
        try publisher.close()
        board.accepted(Int(publisher.counts.accepted))
    }

    /// `#`, ten digits, and `x` up to the size.
    private var body: [UInt8] {
        [UInt8(ascii: "#")] + [UInt8](repeating: UInt8(ascii: "0"), count: 10)
            + [UInt8](repeating: UInt8(ascii: "x"), count: size - 11)
    }

    /// Eight of the ten digits at once, as the C programs do (digits_put).
    private static func number(_ body: inout [UInt8], _ number: Int) {
        let high = UInt64(number / 100_000_000)
        let low = UInt64(number % 100_000_000)
        var eight = (low / 10_000) &<< 32 | low % 10_000
        let hundreds = (eight &* 10_486) &>> 20 & 0x0000_007F_0000_007F
        eight = hundreds &<< 16 | (eight &- hundreds &* 100)
        let tens = (eight &* 103) &>> 10 & 0x000F_000F_000F_000F
        eight = tens &<< 8 | (eight &- tens &* 10)
        var digits = body.mutableSpan
        digits[1] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: high / 10)
        digits[2] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: high % 10)
        for place in 0..<8 {
            digits[3 &+ place] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: eight &>> UInt64(56 &- 8 &* place))
        }
    }
}
