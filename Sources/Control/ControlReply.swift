// SPDX-License-Identifier: Apache-2.0
/// The answer to one control request: payload lines, then a last line `ok` or `error: SENTENCE`.
///
/// Written by the supervisor, read by ControlClient.
/// Invariant: no payload line is `ok` or begins with `error: `, so that the first such line is the end. The renderers
/// of reports keep to it: their lines begin with a fixed word, a blank, or `{`; a service's own name is indented.

package enum ControlReply {
    static let errorWord = "error: "

    /// `payload` is whole lines, each with its newline, or empty.
    package static func appendSuccess(_ payload: [UInt8], to out: inout [UInt8]) {
        out.append(contentsOf: payload)
        out.append(contentsOf: "ok\n".utf8)
    }

    /// One line of a payload, whatever the text holds. One that could be taken for the end is set in.
    package static func appendLine(_ text: String, to out: inout [UInt8]) {
        if text == "ok" || text.hasPrefix(errorWord) { out.append(0x20) }
        for byte in text.utf8 { out.append(byte < 0x20 || byte == 0x7F ? 0x20 : byte) }
        out.append(0x0A)
    }

    package static func appendError(_ fault: ControlFault, to out: inout [UInt8]) {
        out.append(contentsOf: errorWord.utf8)
        // One line, whatever was quoted in the sentence.
        for byte in fault.sentence.utf8 { out.append(byte < 0x20 || byte == 0x7F ? 0x20 : byte) }
        out.append(0x0A)
    }

    /// What `help` answers.
    package static let help = """
        status [json]   generation, roles, services, ring and rates
        ledger [json]   what came in, and what became of it
        services [json] [NAME…]
                        each service in detail, with its last failures
        pause [json] NAME…|*
                        hand a service nothing more until it is resumed
        resume [json] NAME…|*
                        hand it what waits, and what comes
        retry [json] NAME…|*
                        try at once what backs off
        dead list [json] [service=NAME] [topic=PATTERN] [limit=N]
                        dead letters, the latest failures first
        dead show [json] ID…
                        dead letters with what they say
        dead replay [json] ID…|service=NAME|*
                        deliver them again
        dead drop [json] ID…|service=NAME|*
                        give them up
        incidents [json] [kind=KIND] [process=NAME] [limit=N]
                        what happened to which process
        tail            the ring to read along, as a descriptor for belfry tail
        reload [json]   read the configuration again and go over to it
        workers N [json]
                        have N workers, until the next reload
        restart [json]  a new belfryd takes over; nothing is lost, nobody is cut off
        restart [json] NAME…|*
                        new processes of stream services take over
        update [json] [--dry-run] [--through-store] PATH [-- ARG…]
                        a belfryd from that executable takes over, or all stays as it is
        update --history [json] [limit=N]
                        what was restarted and updated, and what came of it
        drain           take nothing more, finish what there is, end
        help            this list
        quit            ends the connection
        Each answer ends with a line "ok" or "error: " and the reason.

        """

    enum Step: Equatable {
        /// The reply is not whole yet.
        case more
        /// The payload is `0..<payload`; what was sent next begins at `next`.
        case success(payload: Int, next: Int)
        case error(sentence: Range<Int>, next: Int)
    }

    /// Looks for the end of a reply in what has come so far. `from`: the start of the first line not looked at yet,
    /// moved on to the first line that is not whole.
    static func parse(_ bytes: Span<UInt8>, from: inout Int) -> Step {
        var index = from
        while index < bytes.count {
            guard bytes[index] == 0x0A else {
                index += 1
                continue
            }
            let line = bytes.extracting(from..<index)
            if starts(line, with: "ok"), line.count == 2 { return .success(payload: from, next: index + 1) }
            if starts(line, with: errorWord) {
                return .error(sentence: from + errorWord.utf8.count..<index, next: index + 1)
            }
            index += 1
            from = index
        }
        return .more
    }

    private static func starts(_ line: Span<UInt8>, with word: String) -> Bool {
        guard line.count >= word.utf8.count else { return false }
        var index = 0
        for byte in word.utf8 {
            if line[index] != byte { return false }
            index += 1
        }
        return true
    }
}
