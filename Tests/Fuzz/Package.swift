// swift-tools-version: 6.2
// SPDX-License-Identifier: GPL-3.0-or-later

import PackageDescription

/// The product's parsers, built once more with libFuzzer's coverage and the
/// address sanitizer. Of `Server` and `UsedMap` only what parses is taken.
/// `scripts/fuzz` builds and runs it; the main package knows nothing of it.
let swift: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .unsafeFlags(["-sanitize=fuzzer,address", "-enable-testing"]),
]

let package = Package(
  name: "fuzz",
  dependencies: [.package(url: "https://github.com/apple/swift-crypto", from: "4.0.0")],
  targets: [
    .target(name: "CFuzzer"),
    .target(name: "DiecastCore", swiftSettings: swift),
    .target(
      name: "ImageFormat", dependencies: ["DiecastCore", .product(name: "Crypto", package: "swift-crypto")],
      swiftSettings: swift),
    .target(name: "Server", dependencies: ["ImageFormat", "DiecastCore"], swiftSettings: swift),
    .target(name: "UsedMap", dependencies: ["DiecastCore"], swiftSettings: swift),
    .executableTarget(
      name: "Fuzz", dependencies: ["CFuzzer", "Server", "UsedMap", "ImageFormat", "DiecastCore"],
      swiftSettings: swift,
      linkerSettings: [
        // `-sanitize=fuzzer` would bring a main of its own; the driver alone is called from ours.
        .unsafeFlags(["-sanitize=address", "-Xclang-linker", "-fsanitize=fuzzer-no-link"]),
        .linkedLibrary("clang_rt.fuzzer_no_main-x86_64", .when(platforms: [.linux])), .linkedLibrary("stdc++"),
      ]),
  ])
