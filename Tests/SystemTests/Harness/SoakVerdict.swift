// SPDX-License-Identifier: Apache-2.0
/// What became of a soak's notifications: the senders' counts against the services' accounts, and both against the ledger.
/// Used by SoakTests.
/// Invariant: the count of what was accepted is that of `archive`, which wants everything, and is the ledger's only where
/// it is compared with it.

import Testing

struct SoakVerdict {
    private let soak: Soak
    private let sent: SoakSenders.Sent
    private let ledger: Ledger
    private let dropped: UInt64
    private let everybody: Range<Int>
    /// By service.
    private let verdicts: [String: Account.Verdict]
    /// By service, of those that reject.
    private let letters: [String: DeadLetters]

    init(_ soak: Soak, _ sent: SoakSenders.Sent) throws {
        (self.soak, self.sent) = (soak, sent)
        ledger = try soak.broker.ledger()
        dropped = soak.sockets.dropped
        let all = sent.all.merging([Probe.sender: soak.probe.count]) { $1 }
        let counts = (0...all.keys.max()!).map { all[$0] ?? 0 }
        everybody = counts.indices
        verdicts = try soak.services.reduce(into: [:]) { $0[$1.name] = try $1.account.judge(sent: counts) }
        letters = try soak.services.filter(\.rejects).reduce(into: [:]) {
            $0[$1.name] = try DeadLetters(asking: soak.scratch, at: soak.broker.control, of: $1.name)
        }
    }

    /// What arrived at a service of the notifications of some senders, each counted once.
    private func arrived(_ service: String, of senders: some Sequence<Int>) -> UInt64 {
        senders.reduce(0) { $0 + verdicts[service]!.senders[$1].arrived }
    }

    private var accepted: UInt64 { arrived("archive", of: everybody) }
    /// Datagrams that nobody may take: the kernel had no room, or the ring.
    private var refused: UInt64 { dropped + (ledger.intake.refused["full"] ?? 0) }
    /// What was read of connections, and had no room until belfryd was ended.
    private var ending: UInt64 { ledger.intake.refused["ending"] ?? 0 }
    private var missingLines: UInt64 {
        sent.streams.values.reduce(0, +) - arrived("archive", of: sent.streams.keys)
    }

    /// What was accepted, as far as its sender can know, and did not arrive at `archive`.
    private var lost: Int64 {
        let sure = sent.native.merging([Probe.sender: soak.probe.count]) { $1 }
        let unheard = hasForgotten ? 0 : missingDatagrams - Int64(refused)
        return Int64(sure.values.reduce(0, +)) - Int64(arrived("archive", of: sure.keys)) + unheard
    }

    private var missingDatagrams: Int64 {
        Int64(sent.datagrams.values.reduce(0, +)) - Int64(arrived("archive", of: sent.datagrams.keys))
    }

    /// What an acceptor has read and nobody has committed is not accepted, and dies with the supervisor.
    private var hasForgotten: Bool { soak.done[.supervisorKilled] != nil }

    /// Each service has all that it wants, in the order that it asked for.
    func expectNothingLost() {
        let archive = verdicts["archive"]!.senders
        for (sender, count) in sent.native { #expect(archive[sender].arrived == count, "native sender \(sender)") }
        #expect(archive[Probe.sender].arrived == soak.probe.count)
        #expect(lost == 0)
        for (sender, count) in sent.streams {
            let arrived = archive[sender].arrived
            #expect(arrived == 0 || arrived == archive[sender].newest + 1, "a gap in connection \(sender)")
            if sent.whole.contains(sender) { #expect(arrived == count, "the last connection, sender \(sender)") }
        }
        for service in soak.services { expectAll(service) }
    }

    private func expectAll(_ service: SoakService) {
        let verdict = verdicts[service.name]!
        #expect(verdict.foreign == 0, "\(service.name)")
        if service.name != "guest" {
            for sender in everybody {
                let all = verdicts["archive"]!.senders[sender]
                let expected = wants(service, sender) ? all.arrived - (service.rejects ? all.never : 0) : 0
                #expect(verdict.senders[sender].arrived == expected, "\(service.name), sender \(sender)")
            }
        }
        if service.order != "none", service.order != "topic" {
            #expect(verdict.senders.map(\.disordered).reduce(0, +) == 0, "\(service.name)")
        }
        // Behind a supervisor's kill all comes again that was delivered since the last checkpoint: how much, is not known here.
        if !hasForgotten { #expect(twice(service) <= service.mayComeTwice, "\(service.name)") }
    }

    private func wants(_ service: SoakService, _ sender: Int) -> Bool {
        switch service.wish {
        case .all: true
        case .load: SoakSenders.isLoad(sender)
        case .slow: SoakSenders.isSlow(sender)
        }
    }

    // MARK: dead letters

    /// What `archive` has of what the service wants, or of that what the service never takes.
    private func wanted(_ service: SoakService, _ count: KeyPath<Account.Sender, UInt64>) -> UInt64 {
        everybody.reduce(0) {
            $0 + (wants(service, $1) ? verdicts["archive"]!.senders[$1][keyPath: count] : 0)
        }
    }

    /// Those in the store are what the services never take, each once.
    func expectDeadLetters() {
        for service in soak.services where service.rejects {
            let letters = letters[service.name]!
            #expect(letters.total == wanted(service, \.never), "dead letters of \(service.name)")
            #expect(Set(letters.letters.map(\.message)).count == letters.letters.count, "\(service.name)")
        }
    }

    /// Deliveries of dead letters: what the ledger has beyond those that were published.
    private func replayed(_ service: SoakService) -> UInt64 {
        (ledger.services[service.name]?.matched ?? 0) &- wanted(service, \.arrived)
    }

    private func twice(_ service: SoakService) -> UInt64 { verdicts[service.name]!.senders.map(\.twice).reduce(0, +) }

    /// Both sides of it (Ledger has checked that they balance) say what the senders and the services counted.
    func expectLedgerAgrees() {
        let replays = soak.services.filter(\.rejects).map(replayed).reduce(0, &+)
        #expect(ledger.intake.replayed == replays)
        #expect(ledger.intake.published == accepted + ledger.intake.replayed)
        #expect(ledger.intake.routed == ledger.intake.published)
        if !hasForgotten { #expect((dropped - soak.unwatched...dropped).contains(ledger.intake.kernelDropped)) }
        #expect(ledger.intake.refused.keys.allSatisfy { $0 == "full" || $0 == "ending" })
        #expect(ending <= missingLines)
        for service in soak.services {
            let arrived = arrived(service.name, of: everybody)
            #expect(ledger.services[service.name]?.delivered == arrived, "\(service.name)")
            let dead = service.rejects ? letters[service.name]!.total + replayed(service) : 0
            #expect(ledger.services[service.name]?.dead == dead, "\(service.name)")
            #expect(ledger.services[service.name]?.matched == arrived + dead, "\(service.name)")
        }
        #expect(ledger.services["probe"]?.delivered == soak.probe.count)
    }

    /// The figures.
    var lines: [String] {
        let (native, streams) = (sent.native.keys, sent.streams.keys)
        let doubled = soak.services.map { "\($0.name) \(twice($0)) of \($0.mayComeTwice)" }.joined(separator: ", ")
        let disturbances = soak.done.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key) \($0.value)" }
        return [
            "accepted \(accepted): native \(arrived("archive", of: native)), datagrams "
                + "\(arrived("archive", of: sent.datagrams.keys)), syslog over TCP \(arrived("archive", of: streams)), "
                + "probes \(soak.probe.count); duplicates \(ledger.intake.duplicate), datagrams refused "
                + "\(refused), lines refused at an end \(ending)"
                + (hasForgotten
                    ? ", not yet accepted when a supervisor died \(missingDatagrams - Int64(refused))" : ""),
            "accepted but lost \(lost); doubled, of at most what was in flight at a death or taken since a checkpoint: \(doubled)",
            "ledger: balanced, \(ledger.intake.published) in, "
                + "\(ledger.services.values.map(\.delivered).reduce(0, +)) delivered, both as counted outside",
            "dead letters: "
                + soak.services.filter(\.rejects).map {
                    "\(letters[$0.name]!.total) of \($0.name) in the store, as counted outside, "
                        + "\(replayed($0)) times one was delivered again"
                }.joined(separator: "; "),
            "disturbances: \(disturbances.joined(separator: ", "))",
        ] + soak.recoveries.lines.map { "working again after \($0)" }
            + (soak.disk == nil ? ["no disk was full: only root can make one that is small"] : [])
    }
}
