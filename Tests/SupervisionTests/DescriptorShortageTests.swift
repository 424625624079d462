// SPDX-License-Identifier: Apache-2.0
/// What is said when there are no descriptors left.

import LinuxIO
import Segments
import Testing

@testable import Supervision

@Suite("Too few descriptors")
struct DescriptorShortageTests {
    private static let call = SystemCallError(call: "eventfd", code: 24)

    @Test(
        "are told with what to raise, whatever failed",
        arguments: [call, LaunchError(step: .descriptors, code: 24), SegmentFault("checkpoint-1.new", call)]
            as [any Error])
    func process(error: any Error) throws {
        let shortage = try #require(DescriptorShortage(error, limit: 20))
        #expect(shortage == .process(limit: 20))
        #expect(shortage.remedy.contains("may have 20 descriptors") && shortage.remedy.contains("LimitNOFILE="))
        #expect(DescriptorShortage.telling(error).hasPrefix("\(error); a process of belfryd may have "))
    }

    @Test("of the machine are another limit")
    func machine() {
        let shortage = DescriptorShortage(SystemCallError(call: "open", code: 23), limit: 20)
        #expect(shortage?.remedy.contains("fs.file-max") == true)
    }

    @Test("have nothing to do with other errors")
    func others() {
        let error = SystemCallError(call: "open", code: 13)
        #expect(DescriptorShortage(error, limit: 20) == nil)
        #expect(DescriptorShortage.telling(error) == "open: permission denied")
    }
}
