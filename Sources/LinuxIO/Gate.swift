// SPDX-License-Identifier: Apache-2.0
/// Where one thread waits until another opens, once.
/// Used by BelfryClient's blocking face.
/// Invariant: `wait` returns only after `open`; it does not matter which of them comes first.

internal import Glibc

@safe package final class Gate: @unchecked Sendable {
    // Holds for @unchecked: a semaphore is made for many threads, and its address never changes.
    private let semaphore: UnsafeMutablePointer<sem_t>

    package init() {
        unsafe semaphore = .allocate(capacity: 1)
        // Cannot fail: the value is within its bounds, and it is not shared between processes.
        _ = unsafe sem_init(semaphore, 0, 0)
    }

    deinit {
        unsafe sem_destroy(semaphore)
        unsafe semaphore.deallocate()
    }

    package func open() { _ = unsafe sem_post(semaphore) }

    package func wait() { _ = uninterrupted { unsafe sem_wait(semaphore) } }
}
