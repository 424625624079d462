// SPDX-License-Identifier: Apache-2.0
/// What a waiting loop says to the processor. Used by Ring where it spins for a few steps before it sleeps.
/// Fences and atomics come from the Synchronization module; this is the one instruction that it lacks.
/// Invariant: no memory order is implied.

internal import CLinux

package enum Processor {
    package static func pause() { belfry_pause() }
}
