// SPDX-License-Identifier: Apache-2.0
/// The command-line tool. Everything that it does is in Commands; only here does the process end.
///
/// Invariant: the exit status is what the verb says.

internal import Commands
internal import Glibc

exit(BelfryTool.run(Array(CommandLine.arguments.dropFirst())))
