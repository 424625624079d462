// SPDX-License-Identifier: Apache-2.0
/// What `belfry check` and `belfry settings-image` make of a file.

import Control
import LinuxIO
import Settings
import Testing

@testable import Commands

@Suite("Checking a configuration")
struct CheckTests {
    @Test("ends with 0 for a good file and with 1 for one with faults", arguments: ["check", "settings-image"])
    func exitStatus(verb: String) throws {
        let folder = try Directory.makeTemporary(in: "/tmp", prefix: "belfry-check-")
        defer { try? Directory.remove(folder) }
        let path = folder + "/belfry.yaml"
        defer { _ = try? File.remove(path) }
        try File.write(path, Array("workers: { count: 0 }\n".utf8).span)
        #expect(BelfryTool.run([verb, path]) == 1)
        guard verb == "check" else { return }
        try File.write(path, Array("workers: { count: 1 }\n".utf8).span)
        #expect(BelfryTool.run([verb, path]) == 0)
    }

    @Test("sums up what was read")
    func summary() {
        var settings = Settings()
        #expect(
            Self.summary(settings) == """
                b.yaml: good
                port      127.0.0.1:2355 udp tcp
                workers   2
                services  none: every notification is unrouted

                """)
        settings.port.address = "::1"
        settings.port.udp = false
        settings.services = ["a", "b"].map { .init(name: $0, topics: [">"], command: ["/bin/true"]) }
        #expect(
            Self.summary(settings) == """
                b.yaml: good
                port      [::1]:2355 tcp
                workers   2
                services  2:  a  b

                """)
    }

    @Test("keeps to 80 columns, however many services there are")
    func width() {
        var settings = Settings()
        settings.services = (1...64).map { .init(name: "service-number-\($0)", topics: [">"], command: ["/bin/true"]) }
        let lines = Self.summary(settings).split(separator: "\n")
        #expect(lines.count > 10 && lines.allSatisfy { $0.count <= 80 })
        #expect(lines.last?.hasSuffix("service-number-64") == true)
    }

    private static func summary(_ settings: Settings) -> String {
        String(decoding: CheckVerb.summary("b.yaml", settings, TextStyle()), as: UTF8.self)
    }
}
