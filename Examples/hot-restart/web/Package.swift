// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

// To use this elsewhere, copy this folder and let `path` lead to a checkout of Belfry.
let package = Package(
    name: "web",
    dependencies: [
        .package(name: "belfry", path: "../../.."),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    ],
    targets: [
        .executableTarget(
            name: "web",
            dependencies: [
                .product(name: "HotRestart", package: "belfry"),
                .product(name: "Hummingbird", package: "hummingbird"),
            ])
    ]
)
