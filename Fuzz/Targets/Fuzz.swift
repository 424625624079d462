// SPDX-License-Identifier: Apache-2.0
/// The entry point that libFuzzer calls with each input; which decoder gets it says `BELFRY_FUZZ_TARGET`.
///
/// Built by `Scripts/fuzz` alone, with `--sanitize=fuzzer`.
/// Invariant: a target depends on nothing but its input, so that a finding can be repeated from its file.

import LinuxIO

/// What is fuzzed, by the name of its folder in `Fuzz/corpus`.
let targets: [String: @Sendable (Span<UInt8>) -> Void] = [
    "datagram": fuzzDatagram, "stream": fuzzStream, "native": fuzzNative, "service-frames": fuzzServiceFrames,
    "service-lines": fuzzServiceLines, "control": fuzzControl, "json": fuzzJSON, "topics": fuzzTopics,
    "settings-image": fuzzSettingsImage, "regions": fuzzRegions, "segments": fuzzSegments,
    "keeper-frames": fuzzKeeperFrames, "hand-over": fuzzHandOver, "hand-over-state": fuzzHandOverState,
]

private let chosen: @Sendable (Span<UInt8>) -> Void = {
    let name = CurrentProcess.environment("BELFRY_FUZZ_TARGET") ?? ""
    guard let target = targets[name] else {
        fatalError("BELFRY_FUZZ_TARGET is \"\(name)\"; there are \(targets.keys.sorted().joined(separator: ", "))")
    }
    return target
}()

@c(LLVMFuzzerTestOneInput)
public func fuzz(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // Holds: libFuzzer lends `count` bytes for the time of the call.
    let buffer = unsafe UnsafeBufferPointer(start: bytes, count: count)
    unsafe chosen(buffer.span)
    return 0
}

/// Ends the process, which libFuzzer takes for a finding.
func require(_ holds: Bool, _ sentence: @autoclosure () -> String, line: UInt = #line, file: StaticString = #file) {
    if !holds { fatalError(sentence(), file: file, line: line) }
}
