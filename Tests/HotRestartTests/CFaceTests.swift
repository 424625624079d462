// SPDX-License-Identifier: Apache-2.0
/// Restarts of a program in C, through the functions of hotrestart.h.

import LinuxIO
import Testing

@Suite("A service in C")
struct CFaceTests {
    static let program = "generation-probe-c"

    @Test("passes its sockets, its state and a descriptor from each generation to the next")
    func state() throws {
        let service = try Service("state", program: Self.program)
        let port = try service.next().last
        #expect(try service.sentence() == "state 1 none")
        var state = "none"
        for number in 1...3 {
            state += " \(number)"
            try service.generation(number).send(Signal.user2)
            #expect(try service.sentence() == "descriptor \(number + 1) channel")
            let words = try [service.next(), service.next(), service.next()]
            #expect(words.contains(["drain", "\(number)"]))
            #expect(words.contains(["state", "\(number + 1)"] + state.split(separator: " ").map(String.init)))
            #expect(words.first { $0.first == "ready" }?.last == port)
            #expect(try service.generation(number).end() == .exited(0))
        }
    }

    @Test("has nothing handed over where there is no state")
    func stateless() throws {
        let service = try Service("plain", program: Self.program)
        #expect(try service.sentences(2) == ["ready 1", "state 1 none"])
        try service.restart(1)
    }

    @Test("is told why there is no next generation, and goes on")
    func failure() throws {
        let service = try Service("ends", program: Self.program)
        #expect(try service.sentences(2) == ["ready 1", "state 1 none"])
        for _ in 1...2 {
            try service.generation(1).send(Signal.user2)
            #expect(try service.sentence().hasPrefix("failed 1 the next generation ended before it was ready; "))
        }
    }
}
