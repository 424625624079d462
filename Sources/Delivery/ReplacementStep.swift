// SPDX-License-Identifier: Apache-2.0
/// What a round does about a restart of a stream service's shard.
///
/// Pure; StreamRunner+Replacing asks for it with what it sees, and does it.
/// Invariant: a process that serves is let go only for one that is up, and asked to end only when it holds nothing.

enum ReplacementStep: Equatable {
    case nothing
    /// There is no process: whatever comes next is a new one.
    case answerIdle
    case launchNext
    /// The shard is given up: its successor begins with new processes anyway.
    case dismissNext
    case takeOver
    case dismissLast

    /// The process that is fed.
    enum Present { case absent, running, ending }
    /// The one that is to follow it.
    enum Next { case starting, up, ending }
    /// The one before it.
    enum Last { case holding, done, ending }

    /// - Parameters: `isServing`: the shard is not on its way to another owner or definition. `isAsked`: somebody waits.
    init(isServing: Bool, isAsked: Bool, present: Present, next: Next?, last: Last?) {
        self =
            switch (next, last) {
            case (.ending?, _), (nil, .holding?), (nil, .ending?): .nothing
            case (_?, _) where !isServing: .dismissNext
            case (.starting?, _): .nothing
            case (.up?, _): .takeOver
            case (nil, .done?): .dismissLast
            case (nil, nil) where !isServing || !isAsked: .nothing
            case (nil, nil):
                switch present {
                case .absent: .answerIdle
                case .running: .launchNext
                // It will be gone in a moment.
                case .ending: .nothing
                }
            }
    }
}
