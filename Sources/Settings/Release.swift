// SPDX-License-Identifier: Apache-2.0
/// The version that both executables say they are.
///
/// Used by belfryd's and belfry's `--version`.
/// Invariant: follows Semantic Versioning 2.0.0.

package enum Release {
    package static let version = "0.1.0"
}
