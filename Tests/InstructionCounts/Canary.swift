// SPDX-License-Identifier: Apache-2.0
/// Does to each message what no hot path may: an allocation, a counted reference, a check for exclusive access.
///
/// `Scripts/instruction-counts` runs it beside the others, and fails when it does not find these calls.
/// Invariant: nothing here can be optimized away.

final class Canary: Scenario {
    let batch = 64
    private let cage = Cage()

    /// What others hold and change can't be guarded at compile time.
    final class Cage {
        var perches: [Perch?] = [nil, nil]
    }

    final class Perch {
        let number: Int
        init(_ number: Int) { self.number = number }
    }

    func feed() {}

    func step() {
        for number in 0..<batch { Self.sing(number, cage) }
    }

    func isThrough() -> Bool { true }

    @inline(never)
    private static func sing(_ number: Int, _ cage: Cage) {
        cage.perches[number & 1] = Perch(number)
        copy(from: number & 1, in: cage)
    }

    @inline(never)
    private static func copy(from place: Int, in cage: Cage) {
        cage.perches[place ^ 1] = cage.perches[place]
    }
}
