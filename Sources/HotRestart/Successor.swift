// SPDX-License-Identifier: Apache-2.0
/// The younger generation, as the older one sees it: a process that it has started, and a channel to it.
///
/// Used by GenerationLoop.
/// Invariant: the process is a sibling, so that whoever watches this service sees its death as it would see ours; its end
/// is seen here by its pidfd, and reaped by our common parent.

internal import LinuxIO

final class Successor {
    let process: ProcessDescriptor
    let channel: SeqPacketChannel

    /// Starts it with the descriptors kept for it, under their names.
    init(_ plan: SuccessorPlan, handing kept: [NamedDescriptor]) throws(GenerationError) {
        do throws(SystemCallError) {
            let pair = try SeqPacketChannel.pair()
            let own = try ProcessDescriptor(pid: CurrentProcess.pid)
            let ours = [(InheritedName.generation, own.raw), (InheritedName.channel, pair.second.raw)]
            let sources = kept.map { ($0.name, $0.raw) } + ours
            process = try Self.launch(plan.request(sources))
            channel = pair.takeFirst()
        } catch {
            throw GenerationError(error)
        }
    }

    /// Reads what it says until there is nothing more; false when it will say nothing any more.
    func read(_ body: (HandOverPacket) -> Void) -> Bool {
        var buffer = [UInt8](repeating: 0, count: HandOverPacket.maximumSize)
        while true {
            switch channel.receive(into: &buffer) {
            case .packet(let count, _): HandOverPacket(buffer.prefix(count)).map(body)
            case .wouldBlock: return true
            case .closed: return false
            case .failed: return false
            }
        }
    }

    /// All of the state; nil when it was sent, else why not.
    func sendState(_ bytes: [UInt8], _ descriptors: [NamedDescriptor], until deadline: UInt64) -> String? {
        if let reason = sendBytes(bytes, until: deadline) { return reason }
        for descriptor in descriptors {
            if let reason = send(.descriptor(descriptor.name), passing: descriptor.raw, until: deadline) {
                return reason
            }
        }
        return send(.handed, until: deadline)
    }

    private func sendBytes(_ bytes: [UInt8], until deadline: UInt64) -> String? {
        guard !bytes.isEmpty else { return send(.state, until: deadline) }
        do throws(SystemCallError) {
            let file = try MemoryFile.holding(bytes.span, named: "hot-restart-state")
            return send(.state, passing: file.descriptor.raw, until: deadline)
        } catch {
            return "the state can't be put into a memory file: \(error)"
        }
    }

    /// Waits until it takes the packet; nil when it did, else why not.
    func send(_ packet: HandOverPacket, passing raw: CInt = -1, until deadline: UInt64) -> String? {
        while true {
            switch channel.send(packet.bytes.span, passing: raw) {
            case .sent: return nil
            case .closed: return "the next generation ended while it took the state"
            case .failed(let code):
                return "the state can't be sent to the next generation: \(SystemCallError.reason(code))"
            case .wouldBlock:
                guard Descriptor.wait(channel.raw, writable: true, until: deadline) else {
                    return "the next generation did not take the state in time"
                }
            }
        }
    }

    private static func launch(_ request: LaunchRequest) throws(SystemCallError) -> ProcessDescriptor {
        let plan = try LaunchPlan(request)
        do throws(LaunchError) {
            return try plan.launch()
        } catch {
            throw SystemCallError(call: request.path, code: error.code)
        }
    }
}
