// SPDX-License-Identifier: Apache-2.0
/// What two generations say to each other over the channel that the older one made for the younger.
///
/// Used by Successor (the older one's end) and Predecessor (the younger one's).
/// Invariant: the numbers never change their meaning, as the two may have been built from different versions of this
/// library; a packet that one of them does not know means nothing to it.

enum HandOverPacket: Equatable {
    /// From the younger one: the state, please.
    case takeState
    /// From the younger one: it could serve now.
    case ready
    /// From the older one, with a memory file unless it is empty.
    case state
    /// From the older one, with the descriptor of that name.
    case descriptor(String)
    /// From the older one: that was all of the state.
    case handed
    /// From the older one: the service is yours.
    case yours

    var bytes: [UInt8] {
        switch self {
        case .takeState: [1]
        case .ready: [2]
        case .state: [3]
        case .descriptor(let name): [4] + Array(name.utf8)
        case .handed: [5]
        case .yours: [6]
        }
    }

    /// Nil for what a later version may say.
    init?(_ bytes: some Collection<UInt8>) {
        switch bytes.first {
        case 1: self = .takeState
        case 2: self = .ready
        case 3: self = .state
        case 4: self = .descriptor(String(decoding: bytes.dropFirst(), as: UTF8.self))
        case 5: self = .handed
        case 6: self = .yours
        default: return nil
        }
    }

    /// No name is longer than that.
    static let maximumSize = 1 + InheritedName.maximumLength
}
