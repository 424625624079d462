// SPDX-License-Identifier: Apache-2.0
/// A program in a terminal of its own, by way of script(1), with a window as large as a test wants it.
/// Used by the tests of what the command-line tool does on a terminal.
/// Invariant: the program's stdout and stderr are the terminal, and nothing else is.

import LinuxIO

enum Window {
    /// Runs `belfry ARGUMENTS` and gives what the terminal got, its line ends as a file has them.
    static func run(
        _ scratch: Scratch, _ arguments: [String], columns: Int = 80, rows: Int = 24, environment: [String] = []
    ) throws -> Program.Result {
        let result = try start(scratch, arguments, columns: columns, rows: rows, environment: environment).wait()
        return Program.Result(
            status: result.status, output: result.output.replacing("\r\n", with: "\n"), errors: result.errors)
    }

    static func start(
        _ scratch: Scratch, _ arguments: [String], columns: Int = 80, rows: Int = 24, environment: [String] = []
    ) throws -> Program {
        let words = ([Executables.belfry] + arguments).map { "'\($0)'" }.joined(separator: " ")
        // -e: the status is the command's own.
        return try Program(
            "script", ["-qec", "stty cols \(columns) rows \(rows); exec \(words)", "/dev/null"], in: scratch,
            environment: ["TERM=xterm", "SHELL=/bin/sh"] + environment)
    }
}
