// SPDX-License-Identifier: GPL-3.0-or-later

import CFuzzer
import Glibc

// `Fuzz TARGET [libFuzzer's arguments]`.

let name = CommandLine.arguments.dropFirst().first ?? ""
guard let body = Targets.all[name] else {
  print("usage: Fuzz \(Targets.all.keys.sorted().joined(separator: "|")) [arguments of libFuzzer]")
  exit(2)
}
Targets.chosen = body

var arguments = CommandLine.unsafeArgv
var count = CommandLine.argc - 1
// The target's name is ours; what is before it is the program's.
arguments[1] = arguments[0]
var rest: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = arguments + 1
exit(
  LLVMFuzzerRunDriver(&count, &rest) { data, size in
    Targets.chosen([UInt8](UnsafeBufferPointer(start: data, count: size)))
    return 0
  })
