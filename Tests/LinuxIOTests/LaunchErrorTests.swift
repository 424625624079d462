// SPDX-License-Identifier: Apache-2.0
/// A launch that fails says at which step and why, and leaves no child behind.

import Glibc
import LinuxIO
import Testing

@Suite("A launch that fails")
struct LaunchErrorTests {
    private func failure(_ change: (inout LaunchRequest) -> Void) -> LaunchError? {
        var request = Shell("true").request
        change(&request)
        do {
            let process = try LaunchPlan(request).launch()
            _ = try end(of: process)
            return nil
        } catch { return error as? LaunchError }
    }

    @Test("says that the command is not there")
    func missingCommand() {
        let error = failure { $0.path = "/nonexistent/command" }
        #expect(error == LaunchError(step: .exec, code: ENOENT))
        #expect(error?.description == "command: no such file or directory")
    }

    @Test("says that the command may not be executed")
    func noRight() {
        #expect(failure { $0.path = "/etc/passwd" } == LaunchError(step: .exec, code: EACCES))
    }

    @Test("says that the folder is not there")
    func missingDirectory() {
        #expect(failure { $0.directory = "/nonexistent" } == LaunchError(step: .directory, code: ENOENT))
    }

    @Test("says that a limit can't be set")
    func limits() {
        let error = failure { $0.limits = [(ResourceLimit.core.resource, 2, 1)] }
        #expect(error == LaunchError(step: .limits, code: EINVAL))
    }

    @Test("says that the user can't be taken on")
    func credentials() {
        // More groups than there may be: refused for root too.
        let groups = [UInt32](repeating: 1, count: 70_000)
        let error = failure { $0.credentials = .init(user: 1, group: 1, groups: groups) }
        #expect(error == LaunchError(step: .credentials, code: CurrentProcess.user == 0 ? EINVAL : EPERM))
    }

    @Test("says that a descriptor to be handed over is not open")
    func descriptors() {
        #expect(failure { $0.descriptors = [(999_999, 3)] } == LaunchError(step: .descriptors, code: EBADF))
    }

    @Test("does not spoil the next launch of the same plan")
    func again() throws {
        try withTemporaryDirectory { folder in
            var shell = Shell("pwd")
            shell.request.directory = "\(folder)/later"
            let plan = try LaunchPlan(shell.request)
            #expect(throws: LaunchError(step: .directory, code: ENOENT)) { _ = try plan.launch().pid }
            try Directory.make("\(folder)/later")
            #expect(try end(of: plan.launch()) == .exited(0))
            try Directory.remove("\(folder)/later")
        }
    }
}
