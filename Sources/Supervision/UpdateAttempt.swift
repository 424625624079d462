// SPDX-License-Identifier: Apache-2.0
/// A restart or an update that is under way: who asked for it, how far it is, and what will be written down of it.
///
/// Held by the Supervisor from the request to the verdict; what is done with it is in Supervisor+Update.
/// Invariant: there is one at most, and it is the change of which ChangeDesk says that it is under way.

internal import Control

final class UpdateAttempt {
    let request: ChangeRequest
    /// nil: the executable that runs is started once more.
    let order: UpdateOrder?
    var plan: UpdatePlan
    var record: UpdateRecord
    var candidate: UpdateCandidate?
    /// The process beside the broker that is waited for.
    var side: CInt?
    /// Everything ends, for another belfryd to go on with what is stored.
    var isPassing = false

    /// - Parameters: `began`: ns since 1970. `now`: monotonic ns.
    init(_ request: ChangeRequest, _ order: UpdateOrder?, began: UInt64, at now: UInt64) {
        self.request = request
        self.order = order
        record = UpdateRecord(order == nil ? .restart : .update, began: began, by: request.by)
        record.isThroughStore = order?.isThroughStore ?? false
        plan =
            order.map { UpdatePlan(isDryRun: $0.isDryRun, isThroughStore: $0.isThroughStore, at: now) }
            ?? UpdatePlan(restartAt: now)
    }
}
