// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

/// Every target of ours: Swift 6 mode, checked uses of unsafe code, no warning left standing.
let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
    .treatAllWarnings(as: .error),
]

/// The import table of docs/architecture.md; Tests/ArchitectureTests holds the sources to it.
func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: house)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(name: "\(name)Tests", dependencies: [.init(stringLiteral: name)] + dependencies, swiftSettings: house)
}

func example(_ name: String) -> Target {
    .executableTarget(
        name: "example-\(name)", dependencies: ["BelfryClient"], path: "Examples/swift/Sources/\(name)",
        swiftSettings: house)
}

/// What a package's build calls this version, if it does not go by the sources.
let version: [CSetting] =
    Context.environment["BELFRY_VERSION"].map { [.define("BELFRY_VERSION", to: "\"\($0)\"")] } ?? []

let log = Target.Dependency.product(name: "Logging", package: "swift-log")

/// What Scripts/fuzz builds: libFuzzer brings its `main`, so that no ordinary build can link it.
let fuzz: [Target] =
    Context.environment["BELFRY_FUZZ"] == nil
    ? []
    : [
        .executableTarget(
            name: "fuzz",
            dependencies: [
                "Control", "Ingress", "LinuxIO", "Ring", "Segments", "Settings", "Supervision", "Wire",
            ],
            path: "Fuzz/Targets",
            swiftSettings: house)
    ]

/// What Scripts/sanitize links into everything: what the sanitizers are told, and the folder for their reports.
let sanitizing: [Target] =
    Context.environment["BELFRY_SANITIZE"].map { reports in
        [
            .target(
                name: "SanitizerOptions", path: "Tests/SanitizerOptions",
                cSettings: [.define("BELFRY_REPORTS", to: "\"\(reports)\"")])
        ]
    } ?? []

let package = Package(
    name: "belfry",
    products: [
        .executable(name: "belfryd", targets: ["belfryd"]),
        .executable(name: "belfry", targets: ["belfry"]),
        .library(name: "BelfryClient", targets: ["BelfryClient"]),
        .library(name: "HotRestart", targets: ["HotRestart"]),
        .library(name: "CHotRestart", type: .static, targets: ["HotRestartC"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // Floor 0
        .target(name: "CLinux"),
        .target(name: "CBelfryd", cSettings: version),
        .systemLibrary(name: "CHotRestart"),
        .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
        // Floor 1
        module("LinuxIO", ["CLinux"] + sanitizing.map { .init(stringLiteral: $0.name) }),
        module("Wire", []),
        module("Settings", []),
        // Floor 2
        module("Ring", ["LinuxIO", "Settings"]),
        module("Segments", ["LinuxIO", "Ring"]),
        module("Reactor", ["LinuxIO"]),
        module("HotRestart", ["CSystemd", "LinuxIO"]),
        module("HotRestartC", ["CHotRestart", "HotRestart"]),
        module("Control", ["LinuxIO", "Wire"]),
        module("BelfryClient", ["LinuxIO", "Wire"]),
        module("SettingsFile", ["LinuxIO", "Settings", "Wire", .product(name: "Yams", package: "Yams")]),
        // Floor 3
        module("Ingress", ["Control", "HotRestart", "LinuxIO", "Reactor", "Ring", "Settings", "Wire", log]),
        module(
            "Delivery", ["Control", "HotRestart", "LinuxIO", "Reactor", "Ring", "Segments", "Settings", "Wire", log]),
        module("Storage", ["Control", "HotRestart", "LinuxIO", "Reactor", "Ring", "Segments", "Settings", log]),
        module(
            "Supervision",
            ["Control", "HotRestart", "LinuxIO", "Reactor", "Ring", "Segments", "Settings", "Wire", log]),
        module(
            "Commands",
            [
                "BelfryClient", "Control", "Keeper", "LinuxIO", "Ring", "Settings", "SettingsFile", "Wire",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        module(
            "Keeper",
            [
                "Control", "HotRestart", "LinuxIO", "Reactor", "Wire", .product(name: "GRDB", package: "GRDB.swift"),
            ]),
        // Floor 4
        .executableTarget(
            name: "belfryd", dependencies: ["CBelfryd", "Delivery", "Ingress", "Storage", "Supervision", log],
            swiftSettings: house),
        .executableTarget(name: "belfry", dependencies: ["Commands"], swiftSettings: house),
        // Examples/swift is a package of its own for those who copy it; here its programs are built for the system tests.
        example("publish"), example("publish-datagrams"), example("serve"), example("serve-blocking"),
        // Tests mirror the sources.
        tests("LinuxIO"),
        tests("Wire"),
        tests("Settings"),
        tests("SettingsFile", ["Settings"]),
        tests("Ring", ["LinuxIO", "Settings"]),
        tests("Segments", ["LinuxIO", "Ring"]),
        tests("Reactor", ["LinuxIO"]),
        tests("HotRestart", ["LinuxIO", "generation-probe", "generation-probe-c"]),
        .executableTarget(
            name: "generation-probe", dependencies: ["HotRestart", "LinuxIO"], path: "Tests/GenerationProbe",
            swiftSettings: house),
        .executableTarget(
            name: "generation-probe-c", dependencies: ["CHotRestart", "HotRestartC"], path: "Tests/GenerationProbeC",
            cSettings: [.headerSearchPath("../../Sources/CHotRestart")]),
        tests("Control", ["LinuxIO", "Wire"]),
        tests("BelfryClient", ["LinuxIO", "Wire"]),
        tests("Ingress", ["Control", "LinuxIO", "Ring", "Settings", "Wire"]),
        tests("Delivery", ["LinuxIO", "Reactor", "Ring", "Settings", "Wire", log]),
        tests("Storage", ["LinuxIO", "Ring", "Segments", log]),
        tests(
            "Supervision",
            [
                "CBelfryd", "Control", "HotRestart", "Ingress", "LinuxIO", "Reactor", "Ring", "Segments", "Settings",
                "Wire", log,
            ]),
        tests("Keeper", ["Control", "LinuxIO", "Wire"]),
        tests("Commands", ["BelfryClient", "Control", "LinuxIO", "Ring", "Settings", "Wire"]),
        // Scripts/instruction-counts runs it under callgrind.
        .executableTarget(
            name: "instruction-counts",
            dependencies: [
                "BelfryClient", "Calls", "Control", "Delivery", "Ingress", "LinuxIO", "Reactor", "Ring", "Settings",
                "Wire", log,
            ],
            path: "Tests/InstructionCounts", exclude: ["Calls", "baseline.txt"], swiftSettings: house),
        .target(name: "Calls", path: "Tests/InstructionCounts/Calls"),
        .testTarget(name: "ArchitectureTests", swiftSettings: house),
        .testTarget(name: "SystemTests", dependencies: ["LinuxIO", "generation-probe"], swiftSettings: house),
    ] + fuzz + sanitizing
)
