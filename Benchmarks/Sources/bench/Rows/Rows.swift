// SPDX-License-Identifier: Apache-2.0
/// All rows of the benchmark, in their order.
///
/// A new row is a file of its own and a line here.
/// Invariant: numbers are those of the goals that the project has set itself.

let allRows: [Row] = [
    rowDatagrams, rowTrains, rowNative, rowFanOut, rowExec, rowSyslog, rowLatency, rowColdStart, rowCost, rowScale,
    rowDisk,
]
