// SPDX-License-Identifier: Apache-2.0
/// `bench`: runs rows of the benchmark and writes what they gave.
///
/// Started by `make bench`, which builds everything that it needs first.
/// Invariant: a row's result replaces that row's earlier one and no other; Ctrl-C leaves no process behind.

import ArgumentParser
import Foundation
import Report

@main
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Runs Belfry and its peers in turn on the same work, and writes the results.")

    @Option(help: ArgumentHelp("Rows to run; all if none is given.", valueName: "number"))
    var row: [Int] = []

    @Option(
        help: ArgumentHelp(
            "How often each contender runs: 5 times, where a row has no number of its own; no more than that number.",
            valueName: "number"))
    var rounds: Int?

    @Option(help: ArgumentHelp("Where the results are written, and kept from other rows.", valueName: "folder"))
    var out = "docs/benchmarks"

    @Option(help: ArgumentHelp("The checkout of Belfry.", valueName: "folder"))
    var root = "."

    func validate() throws {
        if let rounds, rounds < 1 { throw ValidationError("--rounds is \(rounds); at least 1 would be right") }
        for number in row where !allRows.contains(where: { $0.number == number }) {
            let known = allRows.map { "\($0.number)" }.joined(separator: ", ")
            throw ValidationError("there is no row \(number); there are \(known)")
        }
    }

    func run() throws {
        let signals = endChildrenOnSignals()
        defer { for source in signals { source.cancel() } }
        raiseDescriptorLimit()
        let tools = Tools(root: URL(filePath: root).standardizedFileURL)
        let runner = RowRunner(
            tools: tools, ports: Ports(), rounds: rounds, machine: MachineFacts(tools: tools).machine)
        let output = Output(folder: URL(filePath: out))
        for chosen in allRows where row.isEmpty || row.contains(chosen.number) {
            try output.add(runner.run(chosen))
        }
        say("written: \(output.page.path)")
    }
}

/// For the rows with many connections; what the kernel does not grant shows there.
private func raiseDescriptorLimit() {
    var limit = rlimit()
    unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_max = max(limit.rlim_max, 65_536)
    limit.rlim_cur = limit.rlim_max
    guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) != 0 else { return }
    unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = limit.rlim_max
    unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
}

/// Ctrl-C, or the end of the terminal. What it returns must be held on to.
private func endChildrenOnSignals() -> [any DispatchSourceSignal] {
    var sources: [any DispatchSourceSignal] = []
    for number in [SIGINT, SIGTERM, SIGHUP] {
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler {
            Living.endAll()
            _exit(128 + number)
        }
        source.activate()
        sources.append(source)
    }
    return sources
}
