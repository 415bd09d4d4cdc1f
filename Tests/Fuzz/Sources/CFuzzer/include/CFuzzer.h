// SPDX-License-Identifier: GPL-3.0-or-later

#ifndef DIECAST_CFUZZER_H
#define DIECAST_CFUZZER_H

#include <stddef.h>
#include <stdint.h>

/// libFuzzer's own entry, for a program with a main of its own.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));

#endif
