// SPDX-License-Identifier: Apache-2.0
/// One running process of a service: our ends of its pipes or of its socket, and how far it is on its way to an end.
///
/// Made by ServiceLauncher, owned by a runner until it is reaped.
/// Invariant: signals go to the whole process group, and only until the process is reaped: its number is its own so
/// long. What is watched is unwatched before it is closed.

import LinuxIO
import Reactor

final class ServiceProcess {
    let launchedAt: UInt64
    private(set) var ending = ProcessEnding()
    private let process: ProcessDescriptor
    private let loop: EventLoop
    private var input: Descriptor?
    private var output: Descriptor?
    /// Input and output are two descriptors of one socket.
    private var isSocket = false
    private var wakesForAnswers = true
    private var watches: (process: Watch?, input: Watch?, output: Watch?) = (nil, nil, nil)

    init(_ process: consuming ProcessDescriptor, loop: EventLoop, now: UInt64) {
        self.process = process
        self.loop = loop
        launchedAt = now
    }

    deinit {
        closeInput()
        closeOutput()
        if let watch = watches.process { loop.unwatch(watch) }
    }

    var pid: CInt { process.pid }
    /// Our end of its input, as long as it is open.
    var inputRaw: CInt? { input?.raw }
    /// Our end of its output, as long as it is open.
    var outputRaw: CInt? { output?.raw }

    func adopt(input descriptor: consuming Descriptor) { input = consume descriptor }
    func adopt(output descriptor: consuming Descriptor) { output = consume descriptor }
    func adopt(socket: consuming Descriptor, duplicate: consuming Descriptor) {
        input = consume duplicate
        output = consume socket
        isSocket = true
    }

    /// Has its end and its answers told by the loop.
    func watch(runner: Int, place: Int) throws(SystemCallError) {
        watches.process = try loop.watch(
            process.raw, Token(.process, runner: runner, place: place).subject, .readable)
        if let raw = outputRaw {
            watches.output = try loop.watch(raw, Token(.output, runner: runner, place: place).subject, .readable)
        }
    }

    /// Whether the loop tells of answers; of the end of its output it does in any case.
    func wakeForAnswers(_ wakes: Bool) {
        guard wakes != wakesForAnswers, let watch = watches.output else { return }
        wakesForAnswers = wakes
        try? loop.change(watch, wakes ? .readable : [])
    }

    /// Has it told when the input takes more, for a write that did not fit.
    func watchInput(runner: Int, place: Int) throws(SystemCallError) {
        guard watches.input == nil, let raw = inputRaw else { return }
        // Edge-triggered: only a write that did not fit waits for it, and the next one needs no further call.
        watches.input = try loop.watch(
            raw, Token(.input, runner: runner, place: place).subject, .writable, edge: true)
    }

    func closeInput() {
        if let watch = watches.input { loop.unwatch(watch) }
        watches.input = nil
        // The process shall read the end, though answers are still read.
        if isSocket, let raw = inputRaw { Sockets.shutdownWriting(raw) }
        input = nil
    }

    func closeOutput() {
        if let watch = watches.output { loop.unwatch(watch) }
        watches.output = nil
        output = nil
    }

    /// Brings it on its way to the end, at least as far as `step`.
    func end(_ step: ProcessEnding.Step, now: UInt64, grace: UInt64) {
        perform(ending.begin(step, now: now, grace: grace))
    }

    /// Goes on to the next step if its time has come.
    func advanceEnding(now: UInt64, grace: UInt64) {
        perform(ending.advance(now: now, grace: grace))
    }

    /// How it ended. To be asked when the loop has said so: if it was made to end, so is what it leaves in its group.
    func reap() -> ExitStatus? {
        // Before it is reaped: afterwards the group's number may be another's.
        if ending.isForced { process.sendToGroup(Signal.kill) }
        return process.reap()
    }

    /// Ends it here and now, for a process that can't be watched.
    func discard() {
        process.sendToGroup(Signal.kill)
        while process.reap() == nil { Processor.pause() }
    }

    private func perform(_ step: ProcessEnding.Step?) {
        switch step {
        case nil, .running: break
        case .asked: closeInput()
        case .terminated:
            closeInput()
            process.sendToGroup(Signal.terminate)
            // A stopped process would not see it.
            process.sendToGroup(Signal.resume)
        case .killed: process.sendToGroup(Signal.kill)
        }
    }
}
