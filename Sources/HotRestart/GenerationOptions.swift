// SPDX-License-Identifier: Apache-2.0
/// How a service wants to be restarted.
///
/// Given to Generation.start; GenerationLoop keeps to it.
/// Invariant: plain values, the same for the life of a generation.

/// How a service wants to be restarted; what is left out has a default that suits most.
public struct GenerationOptions: Sendable {
    /// The signal that asks for a restart, SIGUSR2 (12) unless said otherwise; nil for none, and for ``Generation/restart()``
    /// alone.
    public var signal: CInt? = 12

    /// The program of the next generation; nil for the file's path that this one was started from, so that a newer file
    /// which was put there is what starts. Where a symbolic link is switched instead, name the link.
    public var executable: String?

    /// Its arguments, the program's own name first; nil for those of this generation.
    public var arguments: [String]?

    /// Where the process id is written once this generation serves; nil for nowhere. For services without a service
    /// manager.
    public var pidFile: String?

    /// Whether the service has a state to hand over: the next generation's ``Generation/takeState()`` then asks this one for
    /// it with ``Turn/handOver``. Otherwise there is none.
    public var handsState = false

    /// How long the next generation may take from its start to its ``Generation/ready()``.
    public var readyTimeout: Duration = .seconds(60)

    /// How long this generation may take from ``Turn/drain`` until ``Turn/overdue``; nil for as long as it takes.
    public var drainTimeout: Duration? = .seconds(30)

    /// How many generations may run at the same time, those counted that still finish their work. At least 2.
    public var maximumGenerations = 4

    /// All defaults.
    public init() {}
}
