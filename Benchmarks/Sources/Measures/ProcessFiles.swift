// SPDX-License-Identifier: Apache-2.0
/// What the kernel tells about a process, out of the text of its files in /proc.
///
/// Used by the runner for the CPU time and the memory of brokers.
/// Invariant: text that is not as the kernel writes it counts as nothing; it never stops a benchmark.

/// `/proc/PID/task/TID/schedstat`: nanoseconds on a CPU, nanoseconds waiting for one, times on a CPU.
package func cpuNanoseconds(schedstat text: some StringProtocol) -> UInt64 {
    text.split(whereSeparator: \.isWhitespace).first.flatMap { UInt64($0) } ?? 0
}

/// `/proc/PID/task/TID/children`: pids with spaces between them.
package func processIDs(children text: some StringProtocol) -> [Int32] {
    text.split(whereSeparator: \.isWhitespace).compactMap { Int32($0) }
}

/// `/proc/PID/smaps`: bytes of all mappings, each page divided by how many processes share it (Pss), without those
/// mappings whose name has one of `excluded` in it.
package func proportionalBytes(smaps text: String, excluding excluded: [String]) -> UInt64 {
    var total: UInt64 = 0
    var counts = true
    for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
        if isMapping(line) {
            let name = String(decoding: line, as: UTF8.self)
            counts = !excluded.contains { name.contains($0) }
        } else if counts, line.starts(with: "Pss:".utf8) {
            total += kilobytes(String(decoding: line, as: UTF8.self)) * 1024
        }
    }
    return total
}

/// `55d0c8a00000-55d0c8a01000 r--p 00000000 fe:00 1234 /usr/bin/x`; the lines of figures begin with a capital letter.
private func isMapping(_ line: Substring.UTF8View.SubSequence) -> Bool {
    guard let first = line.first else { return false }
    return !(UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(first)
}

private func kilobytes(_ line: String) -> UInt64 {
    line.split(separator: " ").dropFirst().first.flatMap { UInt64($0) } ?? 0
}

/// The mappings of Belfry's ring: what it holds are the users' messages, as a peer's queue on its heap, but it is there
/// in full from the start. Its size is the operator's choice, and is told beside the figure.
package let ringMappings = ["memfd:belfry-log", "memfd:belfry-outcomes"]

/// The table of `strace -c`: calls of all kinds. Its columns are % time, seconds, usecs/call, calls, errors, name.
package func straceCalls(table: String) -> Int {
    table.split(separator: "\n").reduce(0) { total, line in
        let columns = line.split(separator: " ")
        guard columns.count >= 5, Double(columns[0]) != nil, columns.last != "total" else { return total }
        return total + (Int(columns[3]) ?? 0)
    }
}
