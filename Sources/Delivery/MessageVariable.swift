// SPDX-License-Identifier: Apache-2.0
/// The environment variables by which an exec service learns which message it has on its standard input.
///
/// ServiceLauncher reserves a place for each; ExecRunner fills them in before each launch.
/// Invariant: the raw values are the places in the launch plan; every name begins with `BELFRY_`.

import Ring
import Wire

enum MessageVariable: Int, CaseIterable {
    case id, topic, source, wireProtocol, time, attempt, redelivered

    var name: String {
        switch self {
        case .id: "BELFRY_ID"
        case .topic: "BELFRY_TOPIC"
        case .source: "BELFRY_SOURCE"
        case .wireProtocol: "BELFRY_PROTOCOL"
        case .time: "BELFRY_TIME"
        case .attempt: "BELFRY_ATTEMPT"
        case .redelivered: "BELFRY_REDELIVERED"
        }
    }
}

/// Writes the values of one delivery into a launcher, with one buffer for all of them.
struct MessageVariables {
    private var buffer: [UInt8] = []

    /// - Parameter payload: the record's payload, as `RingWorker.withRecord` lends it.
    mutating func fill(
        _ launcher: ServiceLauncher, _ delivery: ShardQueue.Delivery, _ record: RecordHeader, _ payload: Span<UInt8>,
        log: UInt64
    ) {
        launcher.set(.topic, to: payload.extracting(record.topic))
        launcher.set(.source, to: payload.extracting(record.source))
        set(.id, launcher) {
            record.id(in: payload, log: log).append(to: &$0)
        }
        set(.time, launcher) { Timestamp.append(record.time, to: &$0) }
        set(.attempt, launcher) { $0.appendDecimal(UInt64(delivery.attempt)) }
        set(.wireProtocol, launcher) {
            $0.append(contentsOf: (WireProtocol(rawValue: record.wireProtocol) ?? .text).name.utf8)
        }
        set(.redelivered, launcher) { $0.append(contentsOf: (delivery.isRepeated ? "true" : "false").utf8) }
    }

    private mutating func set(
        _ variable: MessageVariable, _ launcher: ServiceLauncher, _ write: (inout [UInt8]) -> Void
    ) {
        buffer.removeAll(keepingCapacity: true)
        write(&buffer)
        launcher.set(variable, to: buffer.span)
    }
}
