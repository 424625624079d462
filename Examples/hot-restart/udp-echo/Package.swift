// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

// To use this elsewhere, copy this folder and let `path` lead to a checkout of Belfry.
let package = Package(
    name: "udp-echo",
    dependencies: [.package(name: "belfry", path: "../../..")],
    targets: [
        .executableTarget(name: "udp-echo", dependencies: [.product(name: "HotRestart", package: "belfry")])
    ]
)
