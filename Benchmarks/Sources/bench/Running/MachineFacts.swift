// SPDX-License-Identifier: Apache-2.0
/// What the benchmark ran on: processor, kernel, system, and the versions of everybody who took part.
///
/// Used once at the start, for the report.
/// Invariant: what can't be found out is left out, and never stops the benchmark.

import Foundation
import Report

struct MachineFacts {
    let tools: Tools

    var machine: Machine {
        Machine(
            processor: value(of: "model name", in: "/proc/cpuinfo") ?? "unknown",
            cores: ProcessInfo.processInfo.activeProcessorCount, memory: memory,
            kernel: text("/proc/sys/kernel/osrelease"),
            system: (value(of: "PRETTY_NAME", in: "/etc/os-release", "=") ?? "Linux").trimmingCharacters(in: ["\""]),
            versions: versions)
    }

    private var memory: String {
        let total = value(of: "MemTotal", in: "/proc/meminfo")?.split(separator: " ").first.flatMap { Double($0) } ?? 0
        return "\(Int((total / 1_048_576).rounded())) GiB"
    }

    /// From the package manager, which knows them all alike.
    private var versions: [String: String] {
        let packages = [
            "nats-server", "libnats-dev", "mosquitto", "redis-server", "beanstalkd", "rsyslog", "webhook", "ucspi-tcp",
            "xinetd",
            "systemd",
        ]
        var versions: [String: String] = ["Belfry": belfry]
        for package in packages {
            let version = output(["/usr/bin/dpkg-query", "-W", "-f", "${Version}", package])
            if let version, !version.isEmpty { versions[package] = version }
        }
        return versions.merging(unpacked) { installed, _ in installed }
    }

    /// Lines of a package's name and its version.
    private var unpacked: [String: String] {
        text(tools.peers.appending(path: "versions").path).split(separator: "\n").reduce(into: [:]) { versions, line in
            let words = line.split(separator: " ")
            if words.count == 2, words[0].hasPrefix("syslog-ng") { versions[String(words[0])] = String(words[1]) }
        }
    }

    private var belfry: String {
        let git = ["/usr/bin/git", "-C", tools.root.path, "-c", "safe.directory=*"]
        guard let commit = output(git + ["describe", "--always"]) else { return "of this checkout" }
        // Without the pages that the benchmark itself writes.
        let changes = output(git + ["status", "--porcelain", "-uno", "--", ".", ":(exclude)docs/benchmarks"])
        return changes?.isEmpty ?? true ? commit : commit + "-dirty"
    }

    private func output(_ arguments: [String]) -> String? {
        let log = FileManager.default.temporaryDirectory.appending(
            path: "belfry-bench-fact-\(UInt64.random(in: 0...UInt64.max))")
        defer { try? FileManager.default.removeItem(at: log) }
        guard let child = try? Child("fact", arguments, log: log), (try? child.finish(within: 10)) != nil else {
            return nil
        }
        return child.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func text(_ path: String) -> String {
        ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func value(of key: String, in path: String, _ separator: Character = ":") -> String? {
        for line in text(path).split(separator: "\n") where line.hasPrefix(key) {
            return line.split(separator: separator, maxSplits: 1).last.map { $0.trimmingCharacters(in: .whitespaces) }
        }
        return nil
    }
}
