// SPDX-License-Identifier: Apache-2.0
/// Reading the settings from another program's output, whatever that program does.

import LinuxIO
import Settings
import Testing

@testable import Supervision

/// Stands a shell script in for `belfry`.
private func withTool<R>(_ script: String, _ body: (String) throws -> R) throws -> R {
    let folder = try Directory.makeTemporary(in: "/tmp", prefix: "belfry-tool-")
    defer {
        for name in ["belfry", "image"] { _ = try? File.remove("\(folder)/\(name)") }
        try? Directory.remove(folder)
    }
    var settings = Settings()
    settings.workers.count = 7
    try File.write("\(folder)/image", SettingsImage.encode(settings).span)
    try File.write("\(folder)/belfry", Array("#!/bin/sh\ncd \(folder)\n\(script)\n".utf8).span, mode: 0o700)
    return try body("\(folder)/belfry")
}

private func fault(_ script: String, timeLimit: UInt64 = 20_000_000_000) throws -> String {
    try withTool(script) { tool in
        do {
            _ = try SettingsTool(executable: tool, timeLimit: timeLimit).read("x.yaml")
            return ""
        } catch {
            return "\(error)"
        }
    }
}

@Suite("Settings tool")
struct SettingsToolTests {
    @Test("what it prints is what we get, image and all")
    func reads() throws {
        try withTool("cat image") { tool in
            let result = try #require(try SettingsTool(executable: tool).read("x.yaml"))
            #expect(result.settings.workers.count == 7)
            #expect(result.image == SettingsImage.encode(result.settings))
        }
    }

    @Test("it is asked for the image of the file")
    func asks() throws {
        try withTool(#"[ "$*" = "settings-image x.yaml" ] && cat image"#) { tool in
            let result = try SettingsTool(executable: tool).read("x.yaml")
            #expect(result != nil)
        }
    }

    @Test("a file that it refused is no fault of ours to explain")
    func refuses() throws {
        try withTool("exit 1") { tool in
            let result = try SettingsTool(executable: tool).read("x.yaml")
            #expect(result == nil)
        }
    }

    @Test("garbage for an image is told, with the program's path")
    func garbage() throws {
        #expect(try fault("echo hello hello hello hello").contains("not a settings image"))
    }

    @Test("its death by a signal is told")
    func dies() throws {
        #expect(try fault("kill -9 $$").contains("signal 9"))
    }

    @Test("one that hangs is given up")
    func hangs() throws {
        #expect(try fault("exec sleep 600", timeLimit: 50_000_000).contains("not done"))
    }

    @Test("one that closes its output and hangs is given up")
    func hangsSilently() throws {
        #expect(try fault("exec 1>&-; exec sleep 600", timeLimit: 50_000_000).contains("not done"))
    }

    @Test("one that is missing is named")
    func missing() {
        do {
            _ = try SettingsTool(executable: "/nonexistent/belfry").read("x.yaml")
            Issue.record("it was found")
        } catch {
            #expect("\(error)".contains("/nonexistent/belfry"))
        }
    }

    @Test("collected, its words about a file that it refused are lines, without its last one")
    func words() throws {
        let lines = try withTool("echo 'x.yaml:1:1: a: no' >&2; echo 'belfry: x.yaml: faults' >&2; exit 1") { tool in
            let reading = try SettingsTool(executable: tool).start("x.yaml", collectsWords: true)
            guard case .refused(let lines) = reading.outcome(try end(of: reading)) else { return ["?"] }
            return lines
        }
        #expect(lines == ["x.yaml:1:1: a: no"])
    }

    @Test("collected, what it would have an eye kept on comes with the settings")
    func warnings() throws {
        let lines = try withTool("echo 'x.yaml:1:1: a: hm (warning)' >&2; cat image") { tool in
            let reading = try SettingsTool(executable: tool).start("x.yaml", collectsWords: true)
            guard case .read(let settings, _, let warnings) = reading.outcome(try end(of: reading)) else {
                return ["?"]
            }
            return warnings + ["\(settings.workers.count)"]
        }
        #expect(lines == ["x.yaml:1:1: a: hm (warning)", "7"])
    }

    @Test("given up, it is killed, and says so")
    func givenUp() throws {
        let sentence = try withTool("exec sleep 600") { tool in
            let reading = try SettingsTool(executable: tool).start("x.yaml", collectsWords: true)
            reading.giveUp()
            guard case .failed(let sentence) = reading.outcome(try end(of: reading)) else { return "?" }
            return sentence
        }
        #expect(sentence.contains("not done"))
    }

    /// Waits until it has ended, as the supervisor's loop would be woken.
    private func end(of reading: SettingsReading) throws -> LinuxIO.ExitStatus {
        let poller = try Poller(capacity: 1)
        try poller.add(reading.process.raw, token: 0, events: .readable)
        _ = try poller.wait(timeoutNanoseconds: 20_000_000_000)
        let status = reading.process.reap()
        return try #require(status)
    }
}
