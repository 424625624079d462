// SPDX-License-Identifier: Apache-2.0
/// What one must be allowed to for a request on the control socket.
///
/// Told by ControlLine from the words alone; whether somebody has it, the supervisor's AccessRules say.
/// Invariant: three permissions that do not include each other, and requests that need none of them.

package enum ControlRight: Sendable, CaseIterable {
    /// To ask what can be asked, and to leave.
    case nothing
    case readState
    /// To see what notifications say.
    case readBodies
    case change
}
