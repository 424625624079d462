// SPDX-License-Identifier: Apache-2.0
/// The older generation, as the younger one sees it while it starts: a channel to ask over.
///
/// Used by Generation, on whichever thread calls it.
/// Invariant: it is let go of once it has handed over, or has ended; then this generation is on its own.

internal import LinuxIO

final class Predecessor: Sendable {
    private enum Word {
        case packet(HandOverPacket, NamedDescriptor?)
        case ended
    }

    private let channel: SeqPacketChannel

    init(_ channel: consuming Descriptor) { self.channel = SeqPacketChannel(owning: channel) }

    /// Asks for the state and takes all of it; nil if there is none.
    func takeState(within time: Duration) throws(GenerationError) -> HandedState? {
        _ = channel.send(HandOverPacket.takeState.bytes.span)
        let deadline = Clock.deadline(after: time)
        var state: [UInt8]?
        var descriptors: [NamedDescriptor] = []
        while true {
            switch try next(until: deadline, time) {
            case .packet(.state, let file): state = try Self.contents(file)
            case .packet(.descriptor, let descriptor?): descriptors.append(descriptor)
            case .packet(.handed, _):
                guard let state else { return nil }
                return try Self.handed(state, descriptors)
            case .packet: continue
            case .ended: throw .predecessorEnded
            }
        }
    }

    /// Says that this generation could serve, and waits for the word that it does. A predecessor that has ended meanwhile
    /// needs none: there is nobody else to serve.
    func sayReady(within time: Duration) throws(GenerationError) {
        _ = channel.send(HandOverPacket.ready.bytes.span)
        let deadline = Clock.deadline(after: time)
        while true {
            switch try next(until: deadline, time) {
            case .packet(.yours, _), .ended: return
            case .packet: continue
            }
        }
    }

    private func next(until deadline: UInt64, _ time: Duration) throws(GenerationError) -> Word {
        var buffer = [UInt8](repeating: 0, count: HandOverPacket.maximumSize)
        while Descriptor.wait(channel.raw, until: deadline) {
            switch channel.receive(into: &buffer) {
            case .packet(let count, let descriptor):
                guard let packet = HandOverPacket(buffer.prefix(count)) else { continue }
                return .packet(packet, Self.named(packet, descriptor))
            case .wouldBlock: continue
            case .closed: return .ended
            case .failed(let code): throw GenerationError(SystemCallError(call: "receive", code: code))
            }
        }
        throw .predecessorSilent(time)
    }

    private static func named(_ packet: HandOverPacket, _ descriptor: consuming Descriptor?) -> NamedDescriptor? {
        guard let descriptor else { return nil }
        if case .descriptor(let name) = packet { return NamedDescriptor(name, descriptor) }
        return NamedDescriptor("", descriptor)
    }

    private static func contents(_ file: NamedDescriptor?) throws(GenerationError) -> [UInt8] {
        guard let file else { return [] }
        do throws(SystemCallError) {
            let memory = try MemoryFile.map(file.raw, writable: false)
            let count = File.size(file.raw) ?? 0
            return memory.withSpan(0, count) { span in
                [UInt8](capacity: span.count) { output in output.append(copying: span) }
            }
        } catch {
            throw GenerationError(error)
        }
    }

    private static func handed(
        _ bytes: [UInt8], _ descriptors: [NamedDescriptor]
    ) throws(GenerationError) -> HandedState {
        var given: [(name: String, descriptor: CInt)] = []
        for descriptor in descriptors { given.append((descriptor.name, try descriptor.giveDuplicate())) }
        return HandedState(bytes: bytes, descriptors: given)
    }
}
