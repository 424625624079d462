// SPDX-License-Identifier: Apache-2.0
/// A service that uses the library HotRestart under a real systemd, with the unit that docs/hot-restart.md shows.
/// Skipped, with its reason, where Scripts/systemd-sandbox can't run.

import Foundation
import LinuxIO
import Testing

@Suite("A service of several generations under systemd")
struct GenerationsUnderSystemdTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test("passes its main process and systemd's socket on at each reload, and is stopped in good order")
    func reload() throws {
        let folder = scratch.file("sandbox")
        let sandbox = "\(Executables.repository)/Scripts/systemd-sandbox"
        let started = try scratch.run(sandbox, ["start", folder])
        if started.status == .exited(77) { try Test.cancel("\(started.errors)") }
        #expect(started.succeeded, "\(started.errors)")
        defer { _ = try? scratch.run(sandbox, ["stop", folder]) }
        try install(in: folder)
        let told = try scratch.run(
            sandbox, ["exec", folder, "sh", "-euc", Self.script(folder)], until: .after(.seconds(60)))
        #expect(told.succeeded, "\(told)")
        let lines = told.output.split(separator: "\n")
        // Each generation has the socket of the unit, and the library one of its own to hand on.
        #expect(lines.filter { $0.hasPrefix("socket 2 ") }.count == 4, "\(told)")
        #expect(Set(lines.filter { $0.hasPrefix("socket ") }).count == 1, "\(told)")
        #expect(lines.contains("NRestarts=0"), "\(told)")
        #expect(lines.contains("Result=success"), "\(told)")
        #expect(lines.contains("left 1"), "\(told)")
    }

    private func install(in folder: String) throws {
        try FileManager.default.copyItem(atPath: Executables.generationProbe, toPath: "\(folder)/probe")
        try scratch.write(
            "sandbox/web.socket", "[Socket]\nListenStream=127.0.0.1:7171\nFileDescriptorName=web\n")
        try scratch.write(
            "sandbox/web.service",
            "[Service]\nType=notify\nExecStart=\(folder)/probe\nExecReload=/bin/kill -USR2 $MAINPID\n")
    }

    /// Says which socket each of four generations listens on, how many processes are left, and how the service ended.
    private static func script(_ folder: String) -> String {
        """
        cp \(folder)/web.socket \(folder)/web.service /run/systemd/system/
        systemctl daemon-reload
        systemctl start web.socket
        systemctl start web.service
        main() { systemctl show --value -p MainPID web.service; }
        for round in 1 2 3 4; do
            pid=$(main)
            inode=$(awk '$2 == "0100007F:1C03" { print $10; exit }' /proc/net/tcp)
            echo "socket $(ls -l /proc/$pid/fd | grep -c "socket:\\[$inode\\]") $inode"
            [ $round = 4 ] && break
            systemctl reload web.service
            timeout 30 sh -c "until [ \\$(systemctl show --value -p MainPID web.service) != $pid ]; do sleep 0.05; done"
            timeout 30 sh -c "until ! [ -e /proc/$pid ]; do sleep 0.05; done"
        done
        echo "left $(pgrep -xc probe)"
        systemctl show -p NRestarts web.service
        systemctl stop web.service
        systemctl show -p Result web.service
        """
    }
}
