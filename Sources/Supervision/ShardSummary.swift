// SPDX-License-Identifier: Apache-2.0
/// One service's state out of those of its shards, for `status`. Pure.
///
/// Used by the Supervisor. A service of which one shard backs off is in trouble, even if the others run.
/// Invariant: backing off wins over starting, that over running, that over stopped; a reason is told if any shard has one,
/// that of the shard in the state shown before all others.

internal import Control
internal import Ring

struct ShardSummary {
    private let shards: [ShardStatus.Report]

    init(_ shards: [ShardStatus.Report]) { self.shards = shards }

    func fill(_ service: inout StatusReport.Service) {
        service.instances = shards.reduce(0) { $0 + UInt64($1.running.magnitude) }
        service.retried = shards.reduce(0) { $0 &+ $1.retried }
        guard let worst = shards.max(by: { (rank($0.state), $0.until) < (rank($1.state), $1.until) }) else { return }
        service.state = state(worst.state)
        service.until = worst.state == .backingOff && worst.until > 0 ? worst.until : nil
        let told = worst.reason.isEmpty ? shards.first { !$0.reason.isEmpty }?.reason : worst.reason
        service.reason = told
    }

    private func rank(_ state: ShardStatus.State) -> Int {
        switch state {
        case .stopped: 0
        case .running: 1
        case .starting: 2
        case .backingOff: 3
        }
    }

    private func state(_ state: ShardStatus.State) -> StatusReport.ServiceState {
        switch state {
        case .stopped: .stopped
        case .starting: .starting
        case .running: .running
        case .backingOff: .backingOff
        }
    }
}
