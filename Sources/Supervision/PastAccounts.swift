// SPDX-License-Identifier: Apache-2.0
/// What slots had counted that are free again, by the name of their service.
///
/// Kept by Regions as long as the ring lives; a service's account is this and that of every slot it has now. Pure.
/// Invariant: nothing is pending in it, so that it balances by itself.

internal import Ring
internal import Segments

struct PastAccounts: Equatable, Sendable {
    struct Account: Equatable, Sendable {
        var matched: UInt64 = 0
        /// By outcome code.
        var outcomes = [UInt64](repeating: 0, count: RingLedger.Service().outcomes.count)
        var retried: UInt64 = 0
        var launches: UInt64 = 0
        var launchFailures: UInt64 = 0
    }

    /// In the order in which they came to be.
    private(set) var names: [String] = []
    private var accounts: [String: Account] = [:]

    subscript(name: String) -> Account? { accounts[name] }

    /// As checkpoints keep them.
    var stored: [Checkpoint.PastAccount] {
        names.compactMap { name in
            guard let account = accounts[name] else { return nil }
            var stored = Checkpoint.PastAccount(name: name)
            stored.matched = account.matched
            for (code, count) in account.outcomes.enumerated() { stored.outcomes[code] = count }
            stored.retried = account.retried
            stored.launches = account.launches
            stored.launchFailures = account.launchFailures
            return stored
        }
    }

    /// As a checkpoint has kept them.
    init(_ stored: [Checkpoint.PastAccount] = []) {
        for account in stored {
            var sum = Account()
            sum.matched = account.matched
            for code in sum.outcomes.indices { sum.outcomes[code] = account.outcomes[code] }
            sum.retried = account.retried
            sum.launches = account.launches
            sum.launchFailures = account.launchFailures
            add(sum, to: account.name)
        }
    }

    /// Over all names.
    var delivered: UInt64 { accounts.values.reduce(0) { $0 &+ $1.outcomes[Int(Outcome.delivered.rawValue)] } }

    mutating func add(_ counts: RingLedger.Service, to name: String) {
        var account = Account(matched: counts.matched, outcomes: counts.outcomes)
        for shard in counts.shards {
            account.retried &+= shard.retried
            account.launches &+= shard.launches
            account.launchFailures &+= shard.launchFailures
        }
        add(account, to: name)
    }

    mutating func rename(_ old: String, to new: String) {
        guard let account = accounts.removeValue(forKey: old) else { return }
        names.removeAll { $0 == old }
        add(account, to: new)
    }

    private mutating func add(_ account: Account, to name: String) {
        if accounts[name] == nil { names.append(name) }
        var sum = accounts[name] ?? Account()
        sum.matched &+= account.matched
        for code in sum.outcomes.indices { sum.outcomes[code] &+= account.outcomes[code] }
        sum.retried &+= account.retried
        sum.launches &+= account.launches
        sum.launchFailures &+= account.launchFailures
        accounts[name] = sum
    }
}
