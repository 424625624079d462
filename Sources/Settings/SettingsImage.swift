// SPDX-License-Identifier: Apache-2.0
/// The settings as bytes: what `belfry settings-image` prints, and what region R3 holds for all roles.
///
/// Header: magic "BLFRSET" and layout version (8 bytes), length of all (u32), CRC-32C of what follows it (u32); then
/// the fields in the order of ImageWriter, little-endian. Memory behind the length must be zero (a region is whole
/// pages).
/// Invariant: `decode(encode(s)) == s`, and nothing else than what `encode` made is ever decoded.

package enum SettingsImage {
    private static let magic: [UInt8] = Array("BLFRSET".utf8)
    package static let layout: UInt8 = 6
    private static let headerSize = 16

    package static func encode(_ settings: Settings) -> [UInt8] {
        var body = ImageWriter()
        body.append(settings)
        var image = ImageWriter()
        image.bytes = magic + [layout]
        image.append(UInt32(headerSize + body.bytes.count))
        image.append(Checksum.crc32c(body.bytes.span))
        return image.bytes + body.bytes
    }

    package static func decode(_ bytes: Span<UInt8>) throws(SettingsImageError) -> Settings {
        guard bytes.count >= headerSize else { throw .truncated }
        for index in magic.indices where bytes[index] != magic[index] { throw .foreign }
        guard bytes[magic.count] == layout else { throw .version(bytes[magic.count]) }
        var header = ImageReader(at: magic.count + 1, end: headerSize)
        let length = Int(try header.uint32(bytes))
        let checksum = try header.uint32(bytes)
        guard length >= headerSize, length <= bytes.count else { throw .truncated }
        guard Checksum.crc32c(bytes.extracting(headerSize..<length)) == checksum else { throw .corrupt("checksum") }
        for index in length..<bytes.count where bytes[index] != 0 { throw .corrupt("padding") }
        var reader = ImageReader(at: headerSize, end: length)
        let settings = try reader.settings(bytes)
        guard reader.atEnd else { throw .corrupt("length") }
        return settings
    }
}

/// Why an image was refused.
package enum SettingsImageError: Error, Equatable, CustomStringConvertible {
    /// Shorter than it says, or than a header.
    case truncated
    /// Not a settings image at all.
    case foreign
    /// Of another version of Belfry.
    case version(UInt8)
    /// The field that does not hold together.
    case corrupt(String)

    package var description: String {
        switch self {
        case .truncated: "settings image: cut short"
        case .foreign: "settings image: not a settings image"
        case .version(let version): "settings image: layout version \(version), made by another version of belfry"
        case .corrupt(let field): "settings image: corrupt (\(field))"
        }
    }
}
