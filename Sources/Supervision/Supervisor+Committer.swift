// SPDX-License-Identifier: Apache-2.0
/// What the supervisor does for the committer: it tells it what it alone has counted, and when nobody serves any more; and
/// it leaves those alone who wait for a disk.
///
/// Part of the Supervisor.
/// Invariant: a committer knows the account as of its start at least, and as of the end when it is to store what is left.

internal import Control
internal import LinuxIO
internal import Logging

extension Supervisor {
    /// Tells the committer, if there is one, what has changed of the account; one that is started later begins with it.
    func tellAccount() {
        do {
            guard try regions.keepAccount(kernelDropped: drops.total) else { return }
            send(.account, passing: regions.accountReader.raw, to: desks[Role.committer.place])
        } catch {
            log.error("the committer can't be told of the kernel's drops: \(error)")
        }
    }

    func sendSpill() {
        tellAccount()
        send(.spill, to: desks[Role.committer.place])
    }

    /// Those that have not answered for too long, but for the ones that wait for a disk: nothing would end that wait, not
    /// even their death.
    func judge(_ stuck: [Role]) {
        let waiting = stuck.filter(isInDisk)
        for role in waiting where !inDisk.contains(role.place) {
            log.warning(
                """
                \(role) (pid \(desks[role.place].process?.pid ?? 0)) has waited for the disk for \
                \(HumanText.setting(settings.workers.stuckAfter.nanoseconds)): look at the disk of \(folder.path)
                """)
        }
        inDisk = Set(waiting.map(\.place))
        for role in stuck where !waiting.contains(role) { apply(.stuck(role)) }
    }

    private func isInDisk(_ role: Role) -> Bool {
        desks[role.place].process.flatMap { ProcessRecord(of: $0.pid) }?.isInDisk ?? false
    }
}
