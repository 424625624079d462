// SPDX-License-Identifier: Apache-2.0
/// Where belfryd is asked, and how a telnet client shows that it may ask: with the token.
///
/// Part of the Supervisor.
/// Invariant: a wrong token is logged, noted and audited, each as often as it is judged; none is written down.

internal import Control
internal import LinuxIO
internal import Logging
internal import Reactor
internal import Settings

extension Supervisor {
    /// - Parameter socket: on which a predecessor has listened for telnet.
    static func makeControl(
        _ settings: Settings.Control, telnet socket: consuming Descriptor? = nil
    ) throws -> ControlServer {
        // Told at the start, not to the first who has to show it.
        if settings.telnet != nil, let path = settings.tokenFile { _ = try LoginToken(path) }
        let telnet: TelnetListener?
        if let socket {
            telnet = TelnetListener(socket)
        } else {
            telnet = try settings.telnet.map { try TelnetListener($0) }
        }
        let control = ControlServer(
            path: settings.socket, mode: AccessRules(settings).socketMode, telnet: telnet)
        control.wantsToken = settings.tokenFile != nil
        return control
    }

    /// A line of somebody who has not shown the token yet.
    func login(_ line: Span<UInt8>, _ asker: ControlAsker) -> ControlAnswer {
        logins.add(.init(asker: asker, token: line.indices.map { line[$0] }))
        awaitLogins()
        return .later
    }

    private func awaitLogins() {
        guard !logins.isScheduled, let due = logins.due else { return }
        logins.isScheduled = true
        _ = loop.schedule(Subject(kind: Kind.login), at: due)
    }

    func judgeLogins() {
        logins.isScheduled = false
        let now = Clock.monotonic()
        while let attempt = logins.next(at: now) {
            // Who has gone has not tried.
            if control.descriptor(of: attempt.asker.ticket) != nil { judge(attempt, at: now) }
        }
        awaitLogins()
    }

    private func judge(_ attempt: LoginDesk.Attempt, at now: UInt64) {
        let (ticket, who) = (attempt.asker.ticket, attempt.asker.peer.words)
        do {
            guard let path = settings.control.tokenFile else {
                throw StartFault("control.token-file is not set any more")
            }
            if try LoginToken(path).matches(attempt.token) {
                logins.succeed(attempt)
                log.notice("\(who) has shown the token")
                audit(who, "login")
                return control.answer(ticket, .unlocked(Self.success), loop)
            }
        } catch {
            log.error("\(who) can't log in: \(error)")
            return control.answer(
                ticket, .last(Self.refusal("the token can't be looked up; belfryd's log tells why")), loop)
        }
        let isLast = logins.fail(attempt, at: now)
        log.warning("\(who) has sent a wrong token")
        audit(who, "login refused")
        note(.login, "telnet", "wrong token from \(attempt.asker.peer.host)")
        let reply = Self.refusal("that is not the token")
        control.answer(ticket, isLast ? .last(reply) : .now(reply), loop)
    }

    private static var success: [UInt8] {
        var reply: [UInt8] = []
        ControlReply.appendSuccess([], to: &reply)
        return reply
    }

    private static func refusal(_ sentence: String) -> [UInt8] {
        var reply: [UInt8] = []
        ControlReply.appendError(ControlFault(sentence), to: &reply)
        return reply
    }
}
