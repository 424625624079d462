// SPDX-License-Identifier: Apache-2.0
/// `belfryd canary exec|lines SOCKET`: the service of a shadow run. It tells at a socket what has reached it, and acks.
///
/// Started by a worker of the shadow run's broker, as any service.
/// Invariant: what it can't tell it does not ack, so that the broker's ledger and the run's own count agree.

internal import Control
internal import LinuxIO

package enum CanaryRole {
    private struct Unreadable: Error {}

    private static let longest = 64 << 10

    package static func run(_ kind: String, _ socket: String) -> CInt {
        do {
            let outlet = try Sockets.unixConnect(socket)
            if kind == "exec" {
                try tell(kind, try File.read(0, limit: longest), outlet.raw)
            } else {
                try serve(kind, outlet.raw)
            }
            return 0
        } catch {
            return 1
        }
    }

    /// A JSON object on each line, until the end of input.
    private static func serve(_ kind: String, _ outlet: CInt) throws {
        let input = ByteBuffer(capacity: 4096, limit: longest)
        while true {
            switch input.receive(from: 0) {
            case .bytes: try answer(kind, input, outlet)
            case .closed: return
            case .wouldBlock, .full, .failed: throw Unreadable()
            }
        }
    }

    private static func answer(_ kind: String, _ input: ByteBuffer, _ outlet: CInt) throws {
        while let line = input.takeLine() {
            guard let json = JSONValue(document: line), let id = json["id"]?.string,
                let body = json["body"]?.string
            else { throw Unreadable() }
            try tell(kind, Array(body.utf8), outlet)
            try File.write(1, Array("ok \(id)\n".utf8).span)
        }
    }

    private static func tell(_ kind: String, _ body: [UInt8], _ outlet: CInt) throws {
        try File.write(outlet, (Array("\(kind) ".utf8) + body + [0x0A]).span)
    }
}

extension ByteBuffer {
    /// The first whole line, without its newline.
    func takeLine() -> [UInt8]? {
        let line: [UInt8]? = withReadable { bytes in
            bytes.indices.first { bytes[$0] == 0x0A }.map { end in (0..<end).map { bytes[$0] } }
        }
        if let line { consume(line.count + 1) }
        return line
    }
}
