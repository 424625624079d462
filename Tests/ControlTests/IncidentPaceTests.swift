// SPDX-License-Identifier: Apache-2.0
/// How often the same incident is told. The times are numbers that the tests choose.

import Control
import Testing

@Suite("The pace of incidents")
struct IncidentPaceTests {
    private static func exit(_ process: String = "on-call", count: UInt64 = 1) -> Incident {
        Incident(time: 1, .serviceExit, process, "exit 3", count: count)
    }

    @Test("tells the first at once, and those of the pause behind it in one")
    func pause() {
        var pace = IncidentPace(pause: 100)
        #expect(pace.deadline == .max)
        pace.note(Self.exit())
        #expect(pace.deadline == 0 && pace.due(at: 1_000) == [Self.exit()])
        #expect(pace.deadline == .max && pace.due(at: 1_010).isEmpty)
        pace.note(Self.exit(count: 2))
        pace.note(Self.exit())
        #expect(pace.deadline == 1_100 && pace.due(at: 1_099).isEmpty)
        #expect(pace.due(at: 1_100) == [Self.exit(count: 3)])
        #expect(pace.due(at: 5_000).isEmpty)
        pace.note(Self.exit())
        #expect(pace.due(at: 5_001) == [Self.exit()])
    }

    @Test("keeps apart what is not the same, and tells all of it at the end")
    func apart() {
        var pace = IncidentPace(pause: 100)
        for name in ["a", "b"] { pace.note(Self.exit(name)) }
        #expect(pace.due(at: 1).map(\.process) == ["a", "b"])
        for name in ["b", "a", "b"] { pace.note(Self.exit(name)) }
        #expect(pace.due(at: 2).isEmpty)
        #expect(pace.rest() == [Self.exit("a"), Self.exit("b", count: 2)])
        #expect(pace.rest().isEmpty && pace.deadline == .max)
    }

    @Test("remembers only so many: where there are more, none waits")
    func crowd() {
        var pace = IncidentPace(pause: 100, most: 3)
        var told: UInt64 = 0
        for round in 0..<10 as Range<UInt64> {
            for index in 0..<5 { pace.note(Self.exit("service \(index)")) }
            #expect(pace.deadline == 0)
            told += pace.due(at: round).reduce(0) { $0 + $1.count }
        }
        #expect(told == 50)
    }
}
