// SPDX-License-Identifier: Apache-2.0
/// What an event of the loop is about: the kind of descriptor, its runner's place in the worker, and its process's
/// place in the runner.
///
/// Made where a descriptor is watched, taken apart in Worker; the Reactor carries it as a Subject.
/// Invariant: runners are fewer than 2^16 (64 slots of 64 shards) and processes of one fewer than 2^16.

import Reactor

struct Token: Equatable {
    enum Kind: UInt8 {
        case bell = 1
        case channel = 2
        /// A process has ended.
        case process = 3
        /// A process's input takes more.
        case input = 4
        /// A process has answered.
        case output = 5
        /// The keeper has said something, or takes more.
        case keeper = 6
    }

    let kind: Kind
    let runner: Int
    let place: Int

    var subject: Subject {
        Subject(kind: kind.rawValue, index: UInt32(truncatingIfNeeded: runner << 16 | place & 0xFFFF))
    }

    init(_ kind: Kind, runner: Int = 0, place: Int = 0) {
        self.kind = kind
        self.runner = runner
        self.place = place
    }

    init?(_ subject: Subject) {
        guard let kind = Kind(rawValue: subject.kind) else { return nil }
        self.init(kind, runner: Int(subject.index >> 16), place: Int(subject.index & 0xFFFF))
    }
}
