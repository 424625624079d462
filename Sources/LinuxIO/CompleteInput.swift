// SPDX-License-Identifier: Apache-2.0
/// Bytes for a program that is about to start to read: all of them are there at once, and behind them is the end.
/// Used by Delivery for the body that an exec service finds on its standard input.
/// Invariant: whoever reads it gets the whole, whatever becomes of us after it was made.

package enum CompleteInput {
    /// A pipe that nobody writes to any more; for what a pipe does not hold, a file in memory.
    package static func make(_ bytes: borrowing Span<UInt8>) throws(SystemCallError) -> Descriptor {
        if bytes.count <= Descriptor.pipeCapacity {
            let pipe = try Descriptor.pipe()
            try Descriptor.setNonBlocking(pipe.writing.raw)
            // Users with many pipes get smaller ones.
            if bytes.isEmpty || Descriptor.write(pipe.writing.raw, bytes) == .wrote(bytes.count) {
                return pipe.takeReading()
            }
        }
        return try MemoryFile.holding(bytes, named: "input").takeDescriptor()
    }
}
