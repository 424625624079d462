// SPDX-License-Identifier: Apache-2.0
/// This process, as one generation of a service that restarts without losing anything.
///
/// For Swift programs; `hotrestart.h` is the same for those in other languages.
/// Invariant: at every instant some generation holds the sockets open, and exactly one is told that the service is its.

internal import LinuxIO
internal import Synchronization

/// This process, as one generation of a service.
///
/// A generation inherits its sockets, from systemd or from its predecessor, or binds them if it is the first. When it is
/// told to restart, by ``restart()`` or by SIGUSR2, it starts the next generation of the same program and hands it the
/// sockets; once that one is ready, it finishes what it has and ends. If the next one does not become ready, it goes on as
/// if nothing had been.
///
/// ```swift
/// let generation = try Generation.start()
/// let socket = try generation.socket(named: "web") { try listen(port: 8080) }
/// let server = try Server(takingOver: socket)
/// try generation.ready()
/// for await turn in generation.turns {
///     switch turn {
///     case .failed(let reason): log("not restarted: \(reason)")
///     case .drain: server.stopTakingNewWork { exit(0) }
///     case .overdue: exit(1)
///     case .handOver: break  // only for services that have a state to hand over
///     }
/// }
/// ```
public final class Generation: Sendable {
    /// Which one this is: 1 for the first, one more with each restart.
    public let number: Int
    private let options: GenerationOptions
    private let engine: GenerationEngine
    private let successorPlan: SuccessorPlan
    private let signal: SignalWatch?
    private let start: Mutex<Start?>

    /// What this process was started with, until it is ready.
    private struct Start {
        let inherited: InheritedDescriptors
        let predecessor: Predecessor?
    }

    /// Takes what this process was started with. Call it once, first of all in `main`, before there are threads: it takes
    /// `LISTEN_FDS` out of the environment, and blocks the signal for the calling thread and those that it makes.
    ///
    /// - Parameter options: how the service wants to be restarted.
    /// - Throws: ``GenerationError/inherited(reason:)`` or ``GenerationError/system(call:reason:)``.
    public static func start(_ options: GenerationOptions = GenerationOptions()) throws(GenerationError) -> Generation {
        try Generation(options)
    }

    private init(_ options: GenerationOptions) throws(GenerationError) {
        let inherited = try Self.adopt()
        engine = try GenerationEngine()
        while let older = inherited.take(InheritedName.generation) {
            engine.keep(NamedDescriptor(InheritedName.generation, older))
        }
        let predecessor: Predecessor? =
            if let channel = inherited.take(InheritedName.channel) { Predecessor(channel) } else { nil }
        let told = CurrentProcess.environment(InheritedName.number).flatMap { Int($0) }
        number = predecessor == nil ? 1 : told ?? 2
        signal = try options.signal.map { signal throws(GenerationError) in try SignalWatch(signal) }
        successorPlan = try SuccessorPlan(options, number: number + 1)
        self.options = options
        start = Mutex(Start(inherited: inherited, predecessor: predecessor))
    }

    private static func adopt() throws(GenerationError) -> InheritedDescriptors {
        do throws(InheritError) {
            return try InheritedDescriptors.adopt()
        } catch {
            throw .inherited(reason: error.description)
        }
    }
}

// MARK: - Starting

extension Generation {
    /// Whether there is a predecessor that serves until this generation is ready.
    public var hasPredecessor: Bool { start.withLock { $0?.predecessor != nil } }

    /// The inherited socket of that name, or the one that is made now. The next generation inherits it.
    ///
    /// Any descriptor will do, though it mostly is a socket: a listener, a UDP socket, an open file with its lock. Of
    /// several inherited under one name, each call takes the next.
    ///
    /// - Parameters:
    ///   - name: what systemd's `FileDescriptorName=` says, and what the next generation will ask for.
    ///   - type: for a systemd unit that holds a stream and a datagram socket under one name: which of them.
    ///   - bind: makes the socket; called only if none was inherited. The descriptor returned stays the caller's.
    /// - Returns: a descriptor that is the caller's to close.
    /// - Throws: ``GenerationError/name(_:)``, ``GenerationError/system(call:reason:)``, and what `bind` throws.
    public func socket(named name: String, _ type: SocketType? = nil, bind: () throws -> CInt) throws -> CInt {
        try InheritedName.check(name)
        if let raw = start.withLock({ $0?.inherited.take(name, type)?.release() }) {
            let descriptor = NamedDescriptor(name, owning: raw)
            engine.keep(descriptor)
            return try descriptor.giveDuplicate()
        }
        let raw = try bind()
        engine.keep(try NamedDescriptor(name, duplicating: raw))
        return raw
    }

    /// The inherited TCP listener of that name, or a new one; see ``socket(named:_:bind:)``.
    ///
    /// It does not block: another generation may take a connection between the word that one waits and `accept`.
    ///
    /// - Parameters:
    ///   - name: what systemd's `FileDescriptorName=` says.
    ///   - address: an IPv4 or IPv6 address in digits.
    ///   - port: 0 for any that is free.
    /// - Returns: a descriptor that is the caller's to close.
    /// - Throws: ``GenerationError/name(_:)`` or ``GenerationError/system(call:reason:)``.
    public func tcp(named name: String, address: String = "127.0.0.1", port: UInt16) throws(GenerationError) -> CInt {
        try socket(named: name, .stream, address, port) { address throws(SystemCallError) in try Sockets.tcp(address) }
    }

    /// The inherited UDP socket of that name, or a new one; as ``tcp(named:address:port:)``.
    public func udp(named name: String, address: String = "127.0.0.1", port: UInt16) throws(GenerationError) -> CInt {
        try socket(named: name, .datagram, address, port) { address throws(SystemCallError) in try Sockets.udp(address)
        }
    }

    private func socket(
        named name: String, _ type: SocketType, _ address: String, _ port: UInt16,
        bind: (SocketAddress) throws(SystemCallError) -> Descriptor
    ) throws(GenerationError) -> CInt {
        do {
            let raw = try socket(named: name, type) {
                guard let numeric = SocketAddress(numeric: address, port: port) else {
                    throw GenerationError.system(call: address, reason: "not an address in digits")
                }
                return try bind(numeric).release()
            }
            try Descriptor.setNonBlocking(raw)
            return raw
        } catch let error as SystemCallError {
            throw .system(call: "\(error.call) \(address):\(port)", reason: error.reason)
        } catch let error as GenerationError {
            throw error
        } catch {
            throw .system(call: name, reason: "\(error)")
        }
    }

    /// Takes over the predecessor's state, which stands still there from then on. Once at most, and before ``ready()``.
    ///
    /// - Returns: the state; nil if there is no predecessor, or if it has none to hand over
    ///   (``GenerationOptions/handsState``).
    /// - Throws: ``GenerationError/predecessorEnded``, ``GenerationError/predecessorSilent(_:)`` or
    ///   ``GenerationError/system(call:reason:)``. A predecessor that has not ended goes on with its state as soon as this
    ///   process has.
    public func takeState() throws(GenerationError) -> HandedState? {
        try start.withLock { $0?.predecessor }?.takeState(within: options.readyTimeout)
    }

    /// Says that this generation can serve, and returns when the service is its own: the predecessor takes no new work any
    /// more, systemd knows of the new main process and that it is ready, the pid file is written. Inherited descriptors
    /// that nobody has asked for by now are closed. Call it once; it may block for some milliseconds.
    ///
    /// - Throws: ``GenerationError/pidFile(path:reason:)`` before anything has changed;
    ///   ``GenerationError/predecessorSilent(_:)``, ``GenerationError/system(call:reason:)``.
    public func ready() throws(GenerationError) {
        let pidFile = try options.pidFile.map { path throws(GenerationError) in try PidFile(path) }
        let predecessor = start.withLock { start in
            defer { start = nil }
            return start?.predecessor
        }
        try predecessor?.sayReady(within: options.readyTimeout)
        try pidFile?.put()
        Readiness.notify(.ready)
        try GenerationLoop.start(engine, options, successorPlan, signal)
    }
}

// MARK: - Serving

extension Generation {
    /// Starts the next generation. Returns at once: how it went is told by a ``Turn``, ``Turn/drain`` or
    /// ``Turn/failed(_:)``. While one is starting, this does nothing; before ``ready()``, it begins then.
    public func restart() { engine.ask(.restart) }

    /// What a restart asks of the service, for tasks. For one reader; it sees every turn, also those that ``next(within:)``
    /// took.
    public var turns: AsyncStream<Turn> { engine.stream }

    /// What a restart asks of the service, for threads that may block.
    ///
    /// - Parameter time: how long to wait; nil for as long as it takes.
    /// - Returns: the turn; nil if the time has passed.
    public func next(within time: Duration? = nil) -> Turn? {
        let deadline = time.map(Clock.deadline(after:))
        while true {
            if let turn = engine.next() { return turn }
            guard Descriptor.wait(engine.turnBell.raw, until: deadline) else { return nil }
        }
    }

    /// Readable (by poll, select, epoll) while ``next(within:)`` would return at once. It belongs to the library.
    public var turnDescriptor: CInt { engine.turnBell.raw }

    /// Answers ``Turn/handOver`` with the state, which the service leaves alone from now on.
    ///
    /// - Parameters:
    ///   - state: the bytes that ``takeState()`` returns in the next generation. They pass through a file in memory.
    ///   - descriptors: what goes with it, under names of the service's choice. They stay the caller's: close them at
    ///     ``Turn/drain``, go on with them at ``Turn/failed(_:)``.
    /// - Throws: ``GenerationError/name(_:)`` or ``GenerationError/system(call:reason:)``; then nothing is handed over yet.
    public func hand(
        _ state: some Collection<UInt8>, descriptors: [(name: String, descriptor: CInt)] = []
    ) throws(GenerationError) {
        var named: [NamedDescriptor] = []
        for (name, raw) in descriptors {
            try InheritedName.check(name)
            named.append(try NamedDescriptor(name, duplicating: raw))
        }
        engine.ask(.hand(Array(state), named))
    }
}
