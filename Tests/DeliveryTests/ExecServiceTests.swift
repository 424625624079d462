// SPDX-License-Identifier: Apache-2.0
/// What a worker does for services of mode `exec`: real processes, the ring in memory.

import Ring
import Settings
import Testing

@Suite("An exec service")
struct ExecServiceTests {
    @Test("gets each message on its input, and its exit 0 is the ack")
    func delivers() throws {
        let bench = try Bench([.exec("cat >> $OUT/got")])
        let worker = try bench.worker()
        bench.publish("one\n")
        #expect(try bench.run(worker) { try bench.delivered() == 1 })
        bench.publish("two\n")
        #expect(try bench.run(worker) { try bench.delivered() == 2 })
        #expect(bench.lines("got") == ["one", "two"])
    }
}
