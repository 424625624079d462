// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

// To use these programs elsewhere, copy this folder and let `path` lead to a checkout of Belfry.
let client = Target.Dependency.product(name: "BelfryClient", package: "belfry")

let package = Package(
    name: "belfry-examples",
    dependencies: [.package(name: "belfry", path: "../..")],
    targets: [
        .executableTarget(name: "publish", dependencies: [client]),
        .executableTarget(name: "publish-datagrams", dependencies: [client]),
        .executableTarget(name: "serve", dependencies: [client]),
        .executableTarget(name: "serve-blocking", dependencies: [client]),
    ]
)
