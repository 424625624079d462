// SPDX-License-Identifier: Apache-2.0
/// What a scenario is, how it is driven, and between which two moments instructions are counted.
///
/// Invariant: messages are fed in batches of one size, and a batch only when the one before is through; what the far
/// side does is never counted.

internal import Calls
import LinuxIO

protocol Scenario: AnyObject {
    /// Messages of a batch.
    var batch: Int { get }
    /// Sends a batch, or puts it where it is found.
    func feed() throws
    /// One step of what is measured; it may wait for a batch that was fed, never for more.
    func step() throws
    /// Does what the far side has to do behind a step, such as to answer.
    /// - Returns: whether the batch is through.
    func isThrough() throws -> Bool
}

struct Fault: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// First some batches that don't count, so that every buffer has grown and every symbol is bound; then `count` messages,
/// rounded up to whole batches.
func drive(_ scenario: any Scenario, _ count: Int) throws {
    for _ in 0..<8 { try pass(scenario, scenario.step) }
    let batches = (count + scenario.batch - 1) / scenario.batch
    for _ in 0..<batches {
        try pass(scenario) {
            counting_begins()
            try scenario.step()
            counting_ends()
        }
    }
    // How many messages the count is to be divided by.
    try File.write(1, Array("\(batches * scenario.batch)\n".utf8).span)
}

/// Lets one batch through.
private func pass(_ scenario: any Scenario, _ step: () throws -> Void) throws {
    let deadline = Clock.monotonic() + 20_000_000_000
    try scenario.feed()
    repeat {
        guard Clock.monotonic() < deadline else { throw Fault("a batch does not come through") }
        try step()
    } while try !scenario.isThrough()
}
