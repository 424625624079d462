// SPDX-License-Identifier: Apache-2.0
/// What a generation does at each step of a restart, as a table: events in, effects out.

import Testing

@testable import HotRestart

@Suite("The plan of a restart")
struct RestartPlanTests {
    typealias Event = RestartPlan.Event
    typealias Effect = RestartPlan.Effect

    static let begun: [Effect] = [.sayReloading, .wait(.seconds(60)), .launch]
    static let handedOver: [Effect] = [
        .passMainProcess, .sendYours, .forget, .closeKept, .wait(.seconds(30)), .turn(.drain),
    ]

    static func goOn(_ reason: String) -> [Effect] { [.wait(nil), .forget, .sayReady, .turn(.failed(reason))] }
    static let ended = "the next generation ended before it was ready; its own log or its standard error says why"
    static let late = "the next generation was not ready within 60.0 seconds, and was ended"

    /// The effects of each event in turn.
    private func effects(_ events: [Event], pid: CInt = 2, handsState: Bool = true) -> [[Effect]] {
        var options = GenerationOptions()
        options.handsState = handsState
        var plan = RestartPlan(options, pid: pid)
        return events.map { plan.take($0) }
    }

    @Test(
        "goes from the request to the hand-over",
        arguments: [
            ([.asked(older: 0), .readySaid], [begun, handedOver]),
            (
                [.asked(older: 2), .stateWanted, .stateGiven, .readySaid],
                [begun, [.turn(.handOver)], [.sendState], handedOver]
            ),
            ([.asked(older: 0), .asked(older: 0), .readySaid], [begun, [], handedOver]),
            (
                [.asked(older: 0), .readySaid, .successorEnded, .asked(older: 0), .deadlinePassed, .deadlinePassed],
                [begun, handedOver, [], [], [.wait(nil), .turn(.overdue)], [.wait(nil), .turn(.overdue)]]
            ),
        ] as [([Event], [[Effect]])])
    func success(events: [Event], expected: [[Effect]]) { #expect(effects(events) == expected) }

    @Test(
        "goes back to where it was, and can begin again",
        arguments: [
            ([.asked(older: 0), .launchFailed("no file"), .asked(older: 0)], [begun, goOn("no file"), begun]),
            ([.asked(older: 0), .successorEnded, .asked(older: 0)], [begun, goOn(ended), begun]),
            (
                [.asked(older: 0), .stateWanted, .successorEnded, .stateGiven, .asked(older: 0)],
                [begun, [.turn(.handOver)], goOn(ended), [], begun]
            ),
            (
                [.asked(older: 0), .deadlinePassed, .asked(older: 0), .readySaid, .successorEnded, .asked(older: 0)],
                [begun, [.wait(nil), .kill], [], [], goOn(late), begun]
            ),
            (
                [.asked(older: 0), .stateWanted, .stateGiven, .stateLost("no room"), .successorEnded],
                [begun, [.turn(.handOver)], [.sendState], [.wait(nil), .kill], goOn("no room")]
            ),
        ] as [([Event], [[Effect]])])
    func failure(events: [Event], expected: [[Effect]]) { #expect(effects(events) == expected) }

    @Test("asks a service without a state for none")
    func stateless() {
        #expect(
            effects([.asked(older: 0), .stateWanted, .readySaid], handsState: false)
                == [Self.begun, [.sendNoState], Self.handedOver])
    }

    @Test("begins nothing above the limit of generations, nor as process 1")
    func refused() {
        #expect(effects([.asked(older: 2)]) == [Self.begun])
        for (older, pid) in [(3, 2), (0, 1)] as [(Int, CInt)] {
            let told = effects([.asked(older: older), .readySaid], pid: pid)
            guard case .turn(.failed) = told[0].first else {
                Issue.record("\(told)")
                continue
            }
            #expect(told[0].count == 1 && told[1] == [])
        }
    }
}
