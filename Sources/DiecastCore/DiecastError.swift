// SPDX-License-Identifier: GPL-3.0-or-later

/// What an operator is told when something fails: a code that scripts can rely
/// on, a sentence that says what and where, a remedy that says what to do
/// next, and the cause underneath. Never wrapped in another of its kind:
/// attach context instead.
public struct DiecastError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure; also decides the exit code.
  public let code: Code
  /// What failed and where, in one sentence, without a full stop.
  public let sentence: String
  /// What to do next, in one sentence, without a full stop.
  public let remedy: String?
  /// The failed system call, where there was one.
  public let cause: SystemCallFailure?

  /// An error that is complete in itself.
  public init(_ code: Code, _ sentence: String, remedy: String? = nil, cause: SystemCallFailure? = nil) {
    self.code = code
    self.sentence = sentence
    self.remedy = remedy
    self.cause = cause
  }

  /// The sentence, the cause and the remedy, as shown on a terminal.
  public var description: String {
    var text = sentence
    if let cause { text += " (\(cause))" }
    if let remedy { text += ". \(remedy)" }
    return text + "."
  }
}

/// A system call that returned an error.
public struct SystemCallFailure: Error, Sendable, Equatable, CustomStringConvertible {
  /// The call's name, as in section 2 of the manual.
  public let call: String
  /// The error number, as in errno(3).
  public let errno: Int32
  /// The system's words for that number.
  public let words: String

  /// `call` failed with `errno`, which the system describes as `words`.
  public init(call: String, errno: Int32, words: String) {
    self.call = call
    self.errno = errno
    self.words = words
  }

  /// For instance `pread: errno 5, Input/output error`.
  public var description: String { "\(call): errno \(errno), \(words)" }
}
