// SPDX-License-Identifier: Apache-2.0
/// What may be asked on the control socket, and what a malformed request is told.

import Control
import Testing

@Suite("A control request")
struct ControlRequestTests {
    @Test(
        "is read back from its own line",
        arguments: [
            ControlRequest.status(.text), .status(.json), .ledger(.text), .ledger(.json), .reload(.text),
            .reload(.json), .workers(4, .text), .workers(64, .json), .drain, .tail, .help, .quit,
            .services(.text, .all), .services(.json, .all), .services(.json, .named(["archive"])),
            .services(.text, .named(["json"])), .change(.pause, .text, .all),
            .change(.resume, .json, .named(["a", "b"])), .change(.retry, .text, .named(["text"])),
            .restart(.text), .restart(.json), .restartServices(.text, .all),
            .restartServices(.json, .named(["a", "b"])),
            .restartServices(.text, .named(["json"])), .update(UpdateOrder("/usr/bin/belfryd"), .json),
            .update(UpdateOrder("/a", arguments: ["--", "--dry-run"], isDryRun: true, isThroughStore: true), .text),
            .update(UpdateOrder("/a b/\"c\\", arguments: ["", "\"", " \\", "--config", "/é.yaml"]), .json),
            .updates(.json, KeeperFilter()),
        ])
    func roundTrip(request: ControlRequest) throws {
        #expect(try ControlRequest.parse(Array(request.line.utf8).span) == request)
    }

    @Test("may have blanks around its words, and the carriage return of telnet", arguments: ["  status\tjson \r"])
    func blanks(line: String) throws {
        #expect(try ControlRequest.parse(Array(line.utf8).span) == .status(.json))
    }

    @Test(
        "names services in words that a person would type",
        arguments: [
            ("services", ControlRequest.services(.text, .all)), ("services json", .services(.json, .all)),
            ("services a b", .services(.text, .named(["a", "b"]))), ("pause *", .change(.pause, .text, .all)),
            ("pause json *", .change(.pause, .json, .all)),
            ("retry a b a", .change(.retry, .text, .named(["a", "b"]))),
        ])
    func services(line: String, request: ControlRequest) throws {
        #expect(try ControlRequest.parse(Array(line.utf8).span) == request)
    }

    @Test(
        "restarts belfryd, or services, and updates, in words that a person would type, some of them in quotes",
        arguments: [
            ("restart", ControlRequest.restart(.text)), ("restart json", .restart(.json)),
            ("restart archive", .restartServices(.text, .named(["archive"]))),
            ("restart *", .restartServices(.text, .all)), ("update /b", .update(UpdateOrder("/b"), .text)),
            (
                "update json /b --dry-run -- -c x",
                .update(UpdateOrder("/b", arguments: ["-c", "x"], isDryRun: true), .json)
            ),
            ("update \"/with a blank\"", .update(UpdateOrder("/with a blank"), .text)),
            ("pause \"a b\" c", .change(.pause, .text, .named(["a b", "c"]))),
            ("incidents \"process=worker 1\"", .incidents(.text, KeeperFilter("worker-1"))),
            ("update --history", .updates(.text, KeeperFilter())),
        ])
    func replacing(line: String, request: ControlRequest) throws {
        #expect(try ControlRequest.parse(Array(line.utf8).span) == request)
        #expect(try ControlRequest.parse(Array(request.line.utf8).span) == request)
    }

    @Test("can't carry a word with a control character in it", arguments: ["/a\nb", "/\u{1B}"])
    func unspeakable(word: String) {
        #expect(UpdateOrder(word).unspeakable == word)
        #expect(UpdateOrder("/b", arguments: ["tab\t", word]).unspeakable == word)
        #expect(UpdateOrder("/b", arguments: ["tab\t"]).unspeakable == nil)
    }

    @Test("has room for the names of all services")
    func longest() throws {
        let names = (10..<74).map { String(repeating: "n", count: 62) + "\($0)" }
        let request = ControlRequest.change(.resume, .json, .named(names))
        #expect(try ControlRequest.parse(Array(request.line.utf8).span) == request)
    }

    private static let hint =
        "send one of: status, ledger, services, dead, incidents, tail, reload, workers, pause, resume, retry, restart, "
        + "update, drain, help, quit"
    private static let updateHint =
        "send \"update /PATH/OF/BELFRYD\", with --dry-run or --through-store before the path, and -- ARG… behind it"

    @Test(
        "that is malformed says what would have been right",
        arguments: [
            ("", "the request is empty; \(hint)"),
            ("  ", "the request is empty; \(hint)"),
            ("STATUS", "there is no request \"STATUS\"; \(hint)"),
            ("status yaml", "status does not know \"yaml\"; send \"status\" or \"status json\""),
            ("ledger json json", "ledger does not know \"json json\"; send \"ledger\" or \"ledger json\""),
            ("reload all", "reload does not know \"all\"; send \"reload\" or \"reload json\""),
            ("workers", "workers needs a number from 1 to 64; send \"workers 4\""),
            ("workers 65", "workers needs a number from 1 to 64; send \"workers 4\""),
            ("workers 2 x", "workers 2 does not know \"x\"; send \"workers 2\" or \"workers 2 json\""),
            ("pause", "pause needs a service; send \"pause NAME\", or \"pause *\" for all"),
            ("pause json", "pause needs a service; send \"pause NAME\", or \"pause *\" for all"),
            ("retry a *", "retry takes either names or \"*\", not both"),
            ("drain now", "drain takes no argument, but \"now\" was given; send \"drain\" alone"),
            ("restart json *  a", "restart takes either names or \"*\", not both"),
            ("update", "update needs the full path of an executable; \(updateHint)"),
            ("update b", "update needs the full path of an executable, but \"b\" was given; \(updateHint)"),
            ("update /b /c", "update does not know \"/c\"; \(updateHint)"),
            ("update --force /b", "update does not know \"--force\"; \(updateHint)"),
            ("update \"/b", "the word in quotes that begins with \"/b has no end"),
            ("update \"/b\"c", "the word in quotes that begins with \"/b\"c has something right behind it"),
            (
                "update \"/\\b\"",
                "the word in quotes that begins with \"/\\b\" has a \\ with neither \" nor \\ behind it"
            ),
            ("sta\u{1B}tus", "the request is not text; \(hint)"),
        ])
    func malformed(line: String, sentence: String) {
        #expect(throws: ControlFault(sentence)) { try ControlRequest.parse(Array(line.utf8).span) }
    }

    @Test("that is not UTF-8 is refused")
    func notText() {
        #expect(throws: ControlFault.self) { try ControlRequest.parse([0x73, 0xFF].span) }
    }

    @Test("that is too long is refused before it is read")
    func tooLong() {
        let line = [UInt8](repeating: 0x73, count: ControlRequest.maximumCount + 1)
        #expect(throws: ControlFault.self) { try ControlRequest.parse(line.span) }
    }

    @Test(
        "is known by its first words to look, to read what notifications say, or to change something",
        arguments: [
            ("status", ControlRight.readState), ("ledger json", .readState), ("services a", .readState),
            ("incidents", .readState), ("dead list", .readState), ("update --history", .readState),
            ("tail", .readBodies), ("dead show 1", .readBodies), ("help", .nothing), ("quit", .nothing),
            ("pause a", .change), ("resume a", .change), ("retry *", .change), ("reload", .change),
            ("workers 2", .change),
            ("restart", .change), ("restart a", .change), ("update --dry-run /b", .change), ("drain", .change),
            ("dead replay 1", .change), ("dead drop *", .change),
            // What is no request is taken for the worst that it may be.
            ("dead", .change), ("update", .change), ("workers x", .change), ("status x", .readState),
        ])
    func rights(line: String, right: ControlRight) throws {
        #expect(try ControlLine(Array(line.utf8).span).right == right)
    }
}

extension KeeperFilter {
    fileprivate init(_ process: String) {
        self.init()
        self.process = process
    }
}
