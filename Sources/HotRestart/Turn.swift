// SPDX-License-Identifier: Apache-2.0
/// What a restart asks of a service, or tells it.
///
/// Made by RestartPlan; given out by Generation, to tasks, threads and C programs alike.
/// Invariant: between a `handOver` and the turn behind it the state belongs to nobody: the service leaves it alone.

/// What a restart asks of a service, or tells it.
public enum Turn: Equatable, Sendable {
    /// The next generation asks for the state (only with ``GenerationOptions/handsState``). Let it stand still from now on
    /// and give it with ``Generation/hand(_:descriptors:)``. Then comes `drain`, or `failed`.
    case handOver

    /// There is no next generation, for this reason; go on as before. A state that was handed over is yours again,
    /// unchanged: its taker has ended.
    case failed(String)

    /// The next generation serves. Take no new work, finish what you have, and end.
    case drain

    /// ``GenerationOptions/drainTimeout`` has passed since `drain`. End, though something is unfinished.
    case overdue
}
