// SPDX-License-Identifier: Apache-2.0
/// Faults that come in company, and files that can't be read at all.

import LinuxIO
import SettingsFile
import Testing

@Suite("The faults of a configuration")
struct ManyFaultsTests {
    @Test("come all at once, a line each, in the order of the file")
    func allAtOnce() {
        let yaml = """
            workers: { count: 0 }
            services:
              - name: a
                topics: [belfry.>]
                mode: daemon
                retry: { attempts: none }
                mode: exec
              - name: a
                comand: [/usr/bin/page]
            port: { max-message: 1MB, udp: 7 }
            port: { number: 1 }
            """
        let places = Reading.faults(yaml).map { $0.split(separator: " ").prefix(2).joined(separator: " ") }
        #expect(
            places == [
                "belfry.yaml:1:19: workers.count:", "belfry.yaml:3:5: services[1]:",
                "belfry.yaml:4:14: services[1].topics[1]:", "belfry.yaml:6:24: services[1].retry.attempts:",
                "belfry.yaml:7:5: services[1].mode:", "belfry.yaml:8:5: services[2]:",
                "belfry.yaml:8:5: services[2]:", "belfry.yaml:8:11: services[2].name:",
                "belfry.yaml:9:5: services[2].comand:", "belfry.yaml:11:1: port:",
            ])
    }

    @Test("name a user that only root could become")
    func privilege() {
        var system = Reading.machine
        system.ownUser = 1000
        #expect(Reading.faults(Reading.service("user: me"), system: system).isEmpty)
        #expect(
            Reading.faults(Reading.service("user: nobody"), system: system) == [
                "belfry.yaml:3:11: services[1].user: only root can run a service as \"nobody\"; leaving it out, or "
                    + "starting belfryd as root, would be right"
            ])
    }

    @Test("name the first byte that is not UTF-8")
    func notUTF8() {
        let bytes = Array("port: {}\n# é".utf8) + [0xFF, 0x20]
        do throws(SettingsFaults) {
            _ = try SettingsFile.parse(bytes, file: "b", folder: "/", system: Reading.machine)
            Issue.record("it was taken")
        } catch {
            #expect(error.description == "b:2:4: is not UTF-8; UTF-8 would be right")
        }
    }

    @Test(
        "of a hostile file are told, whatever it holds",
        arguments: [
            String(repeating: "[", count: 200_000), String(repeating: "a: {", count: 5_000), "\u{0}", "*x", "&a [*a]",
            "? [a]\n: b\n", "<<: { a: b }\n", "%YAML 9.9\n---\n", "\"\\uD800\": 1\n",
        ])
    func hostile(yaml: String) { #expect(!Reading.faults(yaml).isEmpty) }

    @Test("of a file that is missing, is a folder, or is too large are told without a place")
    func unreadable() throws {
        let folder = try Directory.makeTemporary(in: "/tmp", prefix: "belfry-settings-")
        defer { try? Directory.remove(folder) }
        let large = folder + "/large.yaml"
        try File.write(large, [UInt8](repeating: 0x20, count: SettingsFile.limit + 1).span)
        defer { _ = try? File.remove(large) }
        #expect(Self.fault(folder + "/none.yaml").hasPrefix("\(folder)/none.yaml: no such file or directory;"))
        #expect(Self.fault(folder).hasPrefix("\(folder): is a folder;"))
        #expect(Self.fault(large).hasPrefix("\(large): is larger than 1 MiB;"))
    }

    private static func fault(_ path: String) -> String {
        do throws(SettingsFaults) {
            _ = try SettingsFile.read(path, system: Reading.machine)
            return ""
        } catch {
            return error.description
        }
    }
}
