// SPDX-License-Identifier: GPL-3.0-or-later

/// `pieces root`s that libtorrent 2.0.8 computed: the length of a file whose
/// bytes count up to 250 and begin anew, and its root.
enum KnownRoots {
  static let all: [(Int, String)] = [
    (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
    (16383, "e08c7d58e58b9318263144a618d6f2b6f6825974decd9e6f9371567354b6f566"),
    (16384, "4348e3b98e8a327b34ced39c1da9e67cdb4cd5e48e4d7960607a3ae403d35f0c"),
    (16385, "9d7887c65d577a0237fb3c0998b87b3a62762d03796889a2caea01db914ccbb8"),
    (32768, "d9e13d0b676ad681164ef0b7b5910d1328ea83a047cad57e619d76bbe3a08525"),
    (49152, "c23d35ec942288a7d9b58d1d0446a76104660b7c72e5cf39f38bddb028ff8ca0"),
    (65536, "2d6b546231225a7132a38ab354f03e9132e4b9141da89f1784b71ab2fb34fae3"),
    (65537, "27e4ccf8e3d554bfce504235da1292c2c8beb24ba5b3e1cd62f41bd692517fbe"),
    (100000, "505fc9a922f60ae071450b07256a4ba760612bffc38c27584ed03fd96c69841b"),
    (262144, "936f20cb9f0648c16ce2556795f1cc50ad21a3e3ec53ed8a6e554a75f8a4357f"),
    (1_000_000, "c6ba179eeb6d3fa33dd2f92a78d90d91d8230efcfb2c565375c85bf9e1e674cd"),
  ]
}
