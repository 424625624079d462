// SPDX-License-Identifier: Apache-2.0
/// The token of telnet clients: from which file it is taken, what matches it, and how often one may try.

import LinuxIO
import Testing

@testable import Supervision

@Suite("A token")
struct LoginTokenTests {
    private static let word = "0123456789abcdef"

    private func refusal(of content: String, mode: UInt32 = 0o600) throws -> String? {
        let folder = try Directory.makeTemporary(in: "/tmp", prefix: "belfry-token-")
        defer { try? Directory.remove(folder) }
        let path = folder + "/token"
        try File.write(path, Array(content.utf8).span)
        try File.setMode(path, mode)
        defer { _ = try? File.remove(path) }
        do throws(StartFault) {
            #expect(try LoginToken(path).matches(Array(Self.word.utf8)))
            return nil
        } catch {
            return "\(error)".replacing(path, with: "PATH")
        }
    }

    @Test("is the first line of its file", arguments: [word, word + "\n", word + "\r\nanother\n"])
    func firstLine(content: String) throws { #expect(try refusal(of: content) == nil) }

    @Test("is not taken from a file that others can read", arguments: [0o640, 0o604, 0o620] as [UInt32])
    func mode(mode: UInt32) throws {
        #expect(
            try refusal(of: Self.word, mode: mode)
                == "control.token-file PATH: others may read or replace it; it must be a file of mode 600 that belongs to "
                + "root or to the user that belfryd runs as (chmod 600 PATH)")
    }

    @Test("has 16 to 256 bytes", arguments: ["", "\n" + word, "0123456789abcde", String(repeating: "x", count: 257)])
    func length(content: String) throws {
        #expect(
            try refusal(of: content)?.contains("bytes; 16 to 256 would be right (openssl rand -hex 16)") == true)
    }

    @Test("has to be in a file")
    func missing() {
        #expect(
            throws: StartFault(
                "control.token-file /no/such/file: no such file or directory; write a token into it (openssl rand -hex 16)"
            )
        ) { try LoginToken("/no/such/file") }
        #expect(throws: StartFault.self) { try LoginToken("/tmp") }
    }

    @Test(
        "matches itself alone",
        arguments: ["", "0", "0123456789abcdeF", "0123456789abcdef0", "0123456789abcdef0123456789abcdef", "x"])
    func matching(given: String) {
        let token = LoginToken(bytes: Array(Self.word.utf8))
        #expect(token.matches(Array(Self.word.utf8)))
        #expect(!token.matches(Array(given.utf8)))
    }
}

@Suite("The desk for logins")
struct LoginDeskTests {
    private static let second: UInt64 = 1_000_000_000

    private func attempt(_ client: Int) -> LoginDesk.Attempt {
        .init(
            asker: ControlAsker(
                peer: .telnet("127.0.0.1:5", hasToken: false),
                ticket: ControlTicket(place: client, number: UInt64(client))),
            token: [])
    }

    @Test("judges the first token at once, and the next one in its turn")
    func first() {
        var desk = LoginDesk()
        #expect(desk.due == nil && desk.next(at: 5) == nil)
        desk.add(attempt(1))
        desk.add(attempt(2))
        #expect(desk.due == 0)
        let first = desk.next(at: 5)
        #expect(first == attempt(1))
        desk.succeed(attempt(1))
        #expect(desk.next(at: 5) == attempt(2))
    }

    @Test("pauses behind each wrong token, whoever sends the next, and twice as long each time, up to a limit")
    func pauses() {
        var desk = LoginDesk()
        var now = 100 * Self.second
        var pauses: [UInt64] = []
        for client in 0..<6 {
            desk.add(attempt(client))
            if let due = desk.due, due > now {
                #expect(desk.next(at: due - 1) == nil)
                pauses.append((due - now) / Self.second)
                now = due
            }
            #expect(desk.next(at: now) == attempt(client))
            #expect(desk.fail(attempt(client), at: now) == false)
        }
        #expect(pauses == [1, 2, 4, 8, 8])
        desk.succeed(attempt(9))
        desk.add(attempt(6))
        #expect(desk.due == 0)
    }

    @Test("forgets wrong tokens after a while")
    func forgets() {
        var desk = LoginDesk()
        for _ in 0..<4 { _ = desk.fail(attempt(1), at: 100 * Self.second) }
        _ = desk.fail(attempt(2), at: 160 * Self.second)
        desk.add(attempt(3))
        #expect(desk.due == 161 * Self.second)
    }

    @Test("lets a client try three times")
    func tries() {
        var desk = LoginDesk()
        #expect((0..<3).map { desk.fail(attempt(1), at: $0) } == [false, false, true])
        #expect(desk.fail(attempt(2), at: 4) == false)
    }
}
