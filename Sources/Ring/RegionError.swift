// SPDX-License-Identifier: Apache-2.0

/// Why a region was not taken: each case says which region and what is wrong with it.
///
/// Thrown while attaching, never on the hot path.
package enum RegionError: Error, Equatable, CustomStringConvertible {
    case tooSmall(region: String, size: Int, needed: Int)
    case notARegion(region: String)
    case layoutVersion(region: String, found: UInt32, known: UInt32)
    case geometry(region: String)
    case foreign(region: String, log: UInt64, expected: UInt64)
    case corrupt(region: String, what: String)

    package var description: String {
        switch self {
        case .tooSmall(let region, let size, let needed):
            "ring region \(region): \(size) bytes, but its geometry needs \(needed)"
        case .notARegion(let region): "ring region \(region): not a Belfry ring region"
        case .layoutVersion(let region, let found, let known):
            "ring region \(region): layout version \(found), but this belfryd knows \(known)"
        case .geometry(let region): "ring region \(region): its geometry is impossible"
        case .foreign(let region, let log, let expected):
            "ring region \(region): belongs to log \(String(log, radix: 16)), not to \(String(expected, radix: 16))"
        case .corrupt(let region, let what): "ring region \(region): corrupt: \(what)"
        }
    }
}
