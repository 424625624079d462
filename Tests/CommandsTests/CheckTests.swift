// SPDX-License-Identifier: Apache-2.0
/// What `belfry check` and `belfry settings-image` make of a file.

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
            CheckVerb.summary("b.yaml", settings) == "b.yaml: good: 127.0.0.1:2355 udp tcp, 2 workers, 0 services\n")
        settings.port.address = "::1"
        settings.port.udp = false
        settings.services = ["a", "b"].map { .init(name: $0, topics: [">"], command: ["/bin/true"]) }
        #expect(CheckVerb.summary("b.yaml", settings) == "b.yaml: good: [::1]:2355 tcp, 2 workers, 2 services: a, b\n")
    }
}
