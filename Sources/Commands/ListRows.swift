// SPDX-License-Identifier: Apache-2.0
/// The lists that the reports have: what a row is called, and by what it can be chosen and sorted.
///
/// Used by RowOptions and RowQuery; one type a list, so that each verb names in its help what its own list has.
/// Invariant: the keys are those of a row's JSON, and the states those that a row can have (the tests hold them to it).

protocol ListRows {
    /// What a row is called, and the option that chooses rows: "service" for `--service`.
    static var word: String { get }
    /// The member of the report that holds the rows: a list of objects, or an object with a member for each name.
    static var member: String { get }
    /// The key whose value `--WORD` is matched with. For an object of rows it stands for the row's own name.
    static var identity: String { get }
    /// The keys that `--sort` knows.
    static var keys: [String] { get }
    /// What `--state` knows; empty if the rows have no state.
    static var states: [String] { get }
    static var sortOption: String { get }
}

extension ListRows {
    static var states: [String] { [] }
    static var sortOption: String { "sort" }
}

enum StatusServices: ListRows {
    static let word = "service"
    static let member = "services"
    static let identity = "name"
    static let keys = [
        "name", "mode", "state", "until", "reason", "instances", "waiting", "in-flight", "backing-off", "parked",
        "delivered", "retried",
    ]
    static let states = ["stopped", "starting", "running", "backing-off", "paused", "draining"]
}

enum StatusWorkers: ListRows {
    static let word = "worker"
    static let member = "workers"
    static let identity = "index"
    static let keys = ["index", "pid", "age", "restarts", "leases"]
    static let sortOption = "sort-workers"
}

enum DetailedServices: ListRows {
    static let word = "service"
    static let member = "services"
    static let identity = "name"
    static let keys = [
        "name", "state", "until", "reason", "instances", "shards", "oldest", "matched", "waiting", "in-flight",
        "backing-off", "parked", "delivered", "dead", "dropped", "retried", "launches", "launch-failures",
    ]
    static let states = StatusServices.states
}

enum LedgerServices: ListRows {
    static let word = "service"
    static let member = "services"
    static let identity = "name"
    static let keys = ["name", "matched", "delivered", "dead", "dropped", "pending", "in-flight", "parked"]
}
