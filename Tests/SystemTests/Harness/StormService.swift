// SPDX-License-Identifier: Apache-2.0
/// A service as the storm of settings has it at the moment: everything of it that a reload may change.
/// Used by StormSettings.
/// Invariant: whatever it is changed to, it wants every notification of its stream (`load` or `slow`, as steady.c names
/// them), so that what arrives can be held to what was sent; and one that was ordered stays ordered.

struct StormService {
    enum Manner { case lines, frames, exec }

    let account: Account
    /// `load` or `slow`; all of it, whatever else.
    let stream: String
    /// Orders and manners that it may have.
    let orders: [String]
    let manners: [Manner]
    /// Whether it may be away for a while; else everything arrives.
    let isGuest: Bool
    /// What becomes of its pending deliveries when it goes.
    let onRemove: String

    private(set) var name: String
    private(set) var isThere = true
    /// The name under which the broker knows it.
    private(set) var knownAs: String?
    private var serial = 0
    private var order: String
    private var manner: Manner
    private var shards = 1
    private var open = 64
    private var topics = 0
    private var wantsNoise = false
    private var command = 0
    private var ackTimeout = 30
    private var idleTimeout = "5m"
    /// The most deliveries that it ever had open at once.
    private(set) var mostOpen: UInt64 = 0

    init(
        _ name: String, _ account: Account, _ stream: String, _ orders: [String], _ manners: [Manner],
        isGuest: Bool = false, onRemove: String = "drain"
    ) {
        (self.name, self.account, self.stream) = (name, account, stream)
        (self.orders, self.manners, self.isGuest, self.onRemove) = (orders, manners, isGuest, onRemove)
        (order, manner) = (orders[0], manners[0])
        noteOpen()
    }

    var isOrdered: Bool { !orders.contains("none") }
    /// Among which numbers of a sender the order holds (Account.judge): those of a topic, where that may be the order.
    var keys: Int { orders.contains("topic") ? 4 : 1 }

    /// Changes one thing.
    mutating func change(by chance: inout SeededGenerator) {
        switch Int.random(in: 0..<9, using: &chance) {
        case 0: order = orders.randomElement(using: &chance)!
        case 1: shards = Int.random(in: 1...4, using: &chance)
        case 2: open = [16, 64, 200].randomElement(using: &chance)!
        case 3: topics = Int.random(in: 0..<3, using: &chance)
        case 4: wantsNoise.toggle()
        case 5: command += 1
        case 6: manner = manners.randomElement(using: &chance)!
        case 7:
            // Its account goes with it only if the broker knows it by its name before.
            guard isThere, knownAs != nil else { return }
            serial += 1
            name = name.prefix { $0 != "." } + ".\(serial)"
        default:
            ackTimeout = Int.random(in: 20...60, using: &chance)
            idleTimeout = ["1s", "5m", "none"].randomElement(using: &chance)!
        }
        noteOpen()
    }

    mutating func comeOrGo() {
        isThere.toggle()
        // What goes is not renamed before.
        if !isThere, let knownAs { name = knownAs }
    }
    mutating func come() { isThere = true }
    /// The broker has taken it as it is.
    mutating func wasApplied() { knownAs = isThere ? name : nil }

    private mutating func noteOpen() { mostOpen = max(mostOpen, UInt64(shards * open)) }

    /// Its item of the configuration.
    var item: String {
        let whole = [["\(stream).>"], ["\(stream).*", "\(stream).*.*"], ["\(stream).>", "nobody.*.sends.>"]][topics]
        let wanted = (whole + (wantsNoise ? ["noise.*"] : [])).map { "\"\($0)\"" }.joined(separator: ", ")
        let words = (manner == .exec ? ["-x"] : []) + [account.folder, "command-\(command)"]
        var lines = [
            "- name: \(name)", "  topics: [\(wanted)]",
            "  command: [\(([account.recorder] + words).joined(separator: ", "))]", "  order: \(order)",
            "  ack-timeout: \(ackTimeout)s", "  retry: { attempts: 1000000, backoff: 10ms, max-backoff: 100ms }",
            "  on-remove: \(onRemove)",
        ]
        if let knownAs, knownAs != name { lines.append("  renamed-from: \(knownAs)") }
        if manner == .exec {
            lines += ["  mode: exec", "  lanes: \(shards)", "  concurrency: \(open / 16)"]
        } else {
            lines += ["  mode: stream", "  framing: \(manner)", "  instances: \(shards)", "  in-flight: \(open)"]
            lines.append("  idle-timeout: \(idleTimeout)")
        }
        return lines.joined(separator: "\n")
    }
}
