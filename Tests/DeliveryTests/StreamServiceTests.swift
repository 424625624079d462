// SPDX-License-Identifier: Apache-2.0
/// What a worker does for services of mode `stream` with framing `lines`: real processes, the ring in memory.

import Ring
import Settings
import Testing

@Suite("A stream service")
struct StreamServiceTests {
    private static let acking = "while \(Settings.Service.readLine); do echo $$ >> $OUT/pids; echo ok $id; done"

    @Test("is started by the first message and serves the others with the same process")
    func reuse() throws {
        let bench = try Bench([.stream(Self.acking)])
        let worker = try bench.worker()
        #expect(try bench.run(worker) { try bench.grantsApplied() > 0 })
        #expect(try bench.status().state == .stopped)
        bench.publish("one")
        #expect(try bench.run(worker) { try bench.delivered() == 1 })
        bench.publish("two")
        bench.publish("three")
        #expect(try bench.run(worker) { try bench.delivered() == 3 })
        let pids = bench.lines("pids")
        #expect(pids.count == 3 && Set(pids).count == 1)
        #expect(try bench.status().state == .running)
        try bench.end(worker)
    }
}
