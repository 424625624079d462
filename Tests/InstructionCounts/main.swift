// SPDX-License-Identifier: Apache-2.0
/// The executable `instruction-counts SCENARIO COUNT`: drives one of Belfry's hot paths with COUNT messages, for
/// `Scripts/instruction-counts`, which runs it under callgrind and looks only at what happens inside of a scenario's steps.
///
/// Everything takes place on one thread, in batches of one size, so that two runs execute the same instructions.
/// `instruction-counts names` tells what there is.
/// `instruction-counts hold PATH NUMBER…` is what worker scenarios launch as their service: see HeldService.
/// Invariant: it exits with 0 only if every message came out at the other end.

import Glibc
import LinuxIO

func run(_ arguments: [String]) throws {
    if arguments.first == "hold", arguments.count > 2 {
        return try HeldService.hold(path: arguments[1], descriptors: arguments.dropFirst(2).compactMap(CInt.init))
    }
    if arguments == ["names"] { return try File.write(1, Array(Scenarios.names.joined(separator: "\n").utf8).span) }
    guard arguments.count == 2, let count = Int(arguments[1]), let scenario = try Scenarios.make(arguments[0]) else {
        throw Fault("usage: instruction-counts SCENARIO COUNT, where SCENARIO is one of \(Scenarios.names)")
    }
    try drive(scenario, count)
}

Signal.ignoreBrokenPipes()
do {
    try run(Array(CommandLine.arguments.dropFirst()))
} catch {
    try? File.write(2, Array("instruction-counts: \(error)\n".utf8).span)
    exit(1)
}
