// swift-tools-version: 6.2
// SPDX-License-Identifier: GPL-3.0-or-later

import PackageDescription

/// Every target: Swift 6, no warnings, unsafe constructs spelled out, imports
/// that say what they expose.
let swift: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .strictMemorySafety(),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

/// Tests: the same, but they may point at memory as they like.
let tests: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
]

/// SwiftPM keeps only include and link flags of pkg-config files, so
/// libtorrent's own defines (its ABI depends on them) are repeated here.
let libtorrent: [CXXSetting] = [
  .define("TORRENT_LINKING_SHARED"),
  .define("BOOST_ASIO_ENABLE_CANCELIO"),
  .define("BOOST_ASIO_NO_DEPRECATED"),
  .define("TORRENT_USE_OPENSSL"),
  .define("TORRENT_USE_LIBCRYPTO"),
  .define("TORRENT_SSL_PEERS"),
  .define("OPENSSL_NO_SSL2"),
  .define("BOOST_ALL_NO_LIB"),
]

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")

let package = Package(
  name: "diecast",
  products: [.executable(name: "diecast", targets: ["diecast"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.0.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.0"),
  ],
  targets: [
    // Executables: `@main` and nothing else.
    .executableTarget(name: "diecast", dependencies: ["DiecastCommands"], swiftSettings: swift),

    // Commands.
    .target(
      name: "DiecastCommands",
      dependencies: [
        "Server", "Imaging", "Swarm", "RemoteSource", "ImageStore", "BlockIO", "ImageFormat",
        "DiecastCore", argumentParser, logging,
      ],
      swiftSettings: swift),
    .target(
      name: "Server",
      dependencies: ["ImageFormat", "DiecastCore", hummingbird, logging, nioCore],
      swiftSettings: swift),

    // Orchestration.
    .target(
      name: "Imaging",
      dependencies: [
        "Swarm", "UsedMap", "DiskLayout", "ImageStore", "ChunkCodec", "BlockIO", "ImageFormat",
        "DiecastCore",
      ],
      swiftSettings: swift),

    // Mechanisms.
    .target(name: "BlockIO", dependencies: ["CLinux", "DiecastCore"], swiftSettings: swift),
    .target(name: "ChunkCodec", dependencies: ["CZstd", "ImageFormat", "DiecastCore"], swiftSettings: swift),
    .target(
      name: "DiskLayout",
      dependencies: ["CBlkid", "CParted", "BlockIO", "ImageFormat", "DiecastCore"],
      swiftSettings: swift),
    .target(
      name: "ImageStore", dependencies: ["BlockIO", "ImageFormat", "DiecastCore"], swiftSettings: swift),
    .target(
      name: "RemoteSource",
      dependencies: ["ImageFormat", "DiecastCore", asyncHTTPClient, nioCore],
      swiftSettings: swift),
    .target(name: "Swarm", dependencies: ["CSwarm", "ImageFormat", "DiecastCore"], swiftSettings: swift),
    .target(
      name: "UsedMap",
      dependencies: ["CExt2fs", "BlockIO", "ImageFormat", "DiecastCore", subprocess],
      swiftSettings: swift),

    // Values.
    .target(name: "ImageFormat", dependencies: ["DiecastCore", crypto], swiftSettings: swift),
    .target(name: "DiecastCore", swiftSettings: swift),

    // Tests mirror targets.
    .testTarget(name: "DiecastCoreTests", dependencies: ["DiecastCore"], swiftSettings: tests),
    .testTarget(
      name: "ImageFormatTests", dependencies: ["ImageFormat", "DiecastCore"], exclude: ["Golden"],
      swiftSettings: tests),
    .testTarget(name: "BlockIOTests", dependencies: ["BlockIO", "DiecastCore"], swiftSettings: tests),
    .testTarget(
      name: "ChunkCodecTests", dependencies: ["ChunkCodec", "ImageFormat", "DiecastCore"], swiftSettings: tests),
    .testTarget(
      name: "DiskLayoutTests", dependencies: ["DiskLayout", "BlockIO", "ImageFormat", "DiecastCore"],
      swiftSettings: tests),
    .testTarget(
      name: "UsedMapTests", dependencies: ["UsedMap", "BlockIO", "ImageFormat", "DiecastCore"], swiftSettings: tests),
    .testTarget(
      name: "ImageStoreTests", dependencies: ["ImageStore", "BlockIO", "ImageFormat", "DiecastCore"],
      swiftSettings: tests),
    .testTarget(name: "SwarmTests", dependencies: ["Swarm", "ImageFormat", "DiecastCore"], swiftSettings: tests),
    .testTarget(
      name: "ServerTests",
      dependencies: ["Server", "RemoteSource", "ImageFormat", "DiecastCore", hummingbird, logging, nioCore],
      swiftSettings: tests),
    .testTarget(
      name: "ImagingTests",
      dependencies: [
        "Imaging", "Swarm", "DiskLayout", "ImageStore", "ChunkCodec", "BlockIO", "ImageFormat", "DiecastCore",
      ],
      swiftSettings: tests),
    .testTarget(
      name: "DiecastCommandsTests", dependencies: ["DiecastCommands", "DiecastCore"], swiftSettings: tests),

    // C and C++.
    .target(name: "CLinux"),
    .target(
      name: "CSwarm",
      cxxSettings: libtorrent,
      linkerSettings: [
        .linkedLibrary("torrent-rasterbar"), .linkedLibrary("ssl"), .linkedLibrary("crypto"),
        .linkedLibrary("stdc++"),
      ]),
    .systemLibrary(name: "CBlkid", pkgConfig: "blkid", providers: [.apt(["libblkid-dev"])]),
    .systemLibrary(name: "CExt2fs", pkgConfig: "ext2fs", providers: [.apt(["libext2fs-dev"])]),
    .systemLibrary(name: "CParted", pkgConfig: "libparted", providers: [.apt(["libparted-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
  ],
  cxxLanguageStandard: .cxx17
)
