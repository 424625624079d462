// SPDX-License-Identifier: Apache-2.0
/// What a telnet client sends, as lines, and lines as it wants them: what it says to the other telnet is left out (RFC 854),
/// each end of a line is one newline.
///
/// Used by supervisor and keeper for connections to control.telnet. We ask for one thing alone, that what is typed is not
/// shown, and need no answer to it.
/// Invariant: however the bytes are cut into pieces, the same comes out; nothing is kept but a state.

package struct TelnetStream: Sendable {
    private enum State {
        case text
        /// Behind the byte that begins a command.
        case command
        /// Behind a command that has one more byte.
        case option
        case subnegotiation
        case subcommand
    }

    private enum Code {
        static let end: UInt8 = 240
        static let begin: UInt8 = 250
        static let will: UInt8 = 251
        static let wont: UInt8 = 252
        static let dont: UInt8 = 254
        static let command: UInt8 = 255
        static let echo: UInt8 = 1
    }

    /// "We echo", and then we don't: what is typed is not seen.
    package static let hidesTyping: [UInt8] = [Code.command, Code.will, Code.echo]
    package static let showsTyping: [UInt8] = [Code.command, Code.wont, Code.echo] + Array("\n".utf8)

    private var state = State.text
    /// The last byte of the text was a carriage return, which has ended its line.
    private var isBehindReturn = false

    package init() {}

    package mutating func take(_ bytes: Span<UInt8>, to text: inout [UInt8]) {
        for index in bytes.indices { take(bytes[index], to: &text) }
    }

    private mutating func take(_ byte: UInt8, to text: inout [UInt8]) {
        switch state {
        case .text where byte == Code.command: state = .command
        case .text: takeText(byte, to: &text)
        case .command:
            switch byte {
            case Code.begin: state = .subnegotiation
            case Code.will...Code.dont: state = .option
            case Code.command:
                state = .text
                takeText(byte, to: &text)
            default: state = .text
            }
        case .option: state = .text
        case .subnegotiation: if byte == Code.command { state = .subcommand }
        case .subcommand: state = byte == Code.end ? .text : .subnegotiation
        }
    }

    private mutating func takeText(_ byte: UInt8, to text: inout [UInt8]) {
        defer { isBehindReturn = byte == 0x0D }
        switch byte {
        case 0x0D: text.append(0x0A)
        case 0x0A where isBehindReturn, 0: break
        default: text.append(byte)
        }
    }

    /// Lines as a telnet client wants them.
    package static func lines(_ bytes: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count + bytes.count / 32)
        for byte in bytes {
            if byte == 0x0A { out.append(0x0D) }
            out.append(byte)
        }
        return out
    }
}
