// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

/// The benchmark of `make bench`: a package of its own, so that nothing of it is built with Belfry.
let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "belfry-benchmarks",
    dependencies: [
        .package(name: "belfry", path: ".."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    ],
    targets: [
        // Pure: figures in, figures out.
        .target(
            name: "Measures", dependencies: [.product(name: "Histogram", package: "hdrhistogram-swift")],
            swiftSettings: house),
        // Pure: what was measured, as Markdown, SVG and JSON.
        .target(name: "Report", dependencies: ["Measures"], swiftSettings: house),
        .executableTarget(
            name: "bench",
            dependencies: [
                "Measures", "Report", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: house),
        // Belfry's own client as a publisher.
        .executableTarget(
            name: "swift-client",
            dependencies: [
                .product(name: "BelfryClient", package: "belfry"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], path: "Sources/swift-client", swiftSettings: house),
        .testTarget(name: "MeasuresTests", dependencies: ["Measures"], swiftSettings: house),
        .testTarget(name: "ReportTests", dependencies: ["Measures", "Report"], swiftSettings: house),
    ]
)
