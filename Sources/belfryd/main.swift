// SPDX-License-Identifier: Apache-2.0
/// belfryd: one executable for the supervisor and its roles, so that they always match in version.
///
/// The only place of this process that exits it. Logging is set up here, before anything can log.
/// Invariant: the first thread runs the role from beginning to end; parent-death signals hang on it.

import Delivery
import Glibc
import Ingress
import LinuxIO
import Logging
import Storage
import Supervision

let isJournal = StandardErrorLog.isJournal()
let errors = LineWriter(2)
LoggingSystem.bootstrap { StandardErrorLog(label: $0, isJournal: isJournal, writer: errors) }

switch Invocation(Array(CommandLine.arguments.dropFirst())) {
case .supervise(let file): exit(SupervisorRole.run(file: file))
case .role(.acceptor): exit(AcceptorRole.run())
case .role(.committer): exit(CommitterRole.run())
case .role(.worker(let index)): exit(WorkerRole.run(index: index))
case .examine: exit(ExamineRole.run())
case .shadow(let folder, let arguments): exit(ShadowRole.run(folder, arguments))
case .canary(let kind, let socket): exit(CanaryRole.run(kind, socket))
case .help: print(Invocation.usage, terminator: "")
case .version: exit(ReleaseNote.tellOwn())
case .wrong(let what):
    StandardErrorLog.write("belfryd: \(what)\n\(Invocation.usage)")
    exit(2)
}
