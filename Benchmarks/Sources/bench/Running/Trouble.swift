// SPDX-License-Identifier: Apache-2.0
/// What keeps one run from giving a figure, in a sentence.
///
/// Thrown anywhere below a contender; the run is then reported as failed with these words.
/// Invariant: it never ends the benchmark: the next contender runs.

struct Trouble: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// A contender can't run on this machine at all: it is left out with these words.
struct Missing: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
