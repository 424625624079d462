// SPDX-License-Identifier: Apache-2.0
/// Programs that are services with framing `frames`, in Python, on top of Tests/Tools/frames.py.
///
/// Used by the tests of such services; what a program does is its test's own affair.
/// Invariant: it shares no code with what is tested.

import Foundation
import Settings

extension Settings.Service {
    /// A service that speaks frames. `note` and `wait` take names of the bench's folder.
    static func frames(_ program: String, change: (inout Self) -> Void = { _ in }) -> Self {
        stream("") {
            $0.framing = .frames
            $0.command = ["/usr/bin/python3", "-B", "-c", beginning + program]
            change(&$0)
        }
    }

    private static let beginning: String = {
        var tests = URL(fileURLWithPath: #filePath)
        for _ in 0..<2 { tests.deleteLastPathComponent() }
        return """
            import sys; sys.path.insert(0, "\(tests.path)/Tools")
            import os, struct, time, frames
            from frames import *
            OUT = os.environ["OUT"] + "/"
            def note(name, text): frames.note(OUT + name, text)
            def wait(name): frames.wait(OUT + name)

            """
    }()
}
