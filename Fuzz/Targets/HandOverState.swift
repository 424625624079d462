// SPDX-License-Identifier: Apache-2.0
/// What a supervisor gets of its predecessor, or of its successor: the state, and the words of the channel between them.
///
/// Invariant: what is read and written again is read the same; what is read can be gone on with.

import Control
import LinuxIO
import Supervision
import Wire

/// A state, once as it came and once with header and checksum mended, so that the fields behind them are reached.
func fuzzHandOverState(_ bytes: Span<UInt8>) {
    if let message = HandOverMessage(decoding: bytes) {
        require(HandOverMessage(decoding: message.encoded.span) == message, "a message is not read back")
    }
    checkState(bytes)
    let mended = ByteBuffer(limit: 1 << 16)
    mended.append(Array("BLFRHND".utf8) + [HandOverState.version])
    mended.append(littleEndian: UInt32(16 + bytes.count))
    mended.append(littleEndian: CRC32C.of(bytes))
    mended.append(bytes)
    mended.withReadable(checkState)
}

private func checkState(_ bytes: Span<UInt8>) {
    guard let state = try? HandOverState.decode(bytes) else { return }
    require((try? HandOverState.decode(state.encoded.span)) == state, "a state is not read back")
    let counts = [state.generation, state.keeperRestarts] + state.restarts + state.incarnations
    require(counts.allSatisfy { $0 < .max / 2 }, "a count that can't go on")
    for note in state.notes where note.kind == .update {
        _ = JSONValue(document: Array(note.detail.utf8)).flatMap(UpdateRecord.init)
    }
}
