// SPDX-License-Identifier: GPL-3.0-or-later

/// Which Diecast this is.
public enum Version {
  /// As in `--version` and the changelog.
  public static let number = "0.1.0"
  /// What manifests, peers and servers are told.
  public static let tool = "diecast \(number)"
  /// The same for protocols that want `NAME/VERSION`.
  public static let userAgent = "Diecast/\(number)"
}
