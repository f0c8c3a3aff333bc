/* SPDX-License-Identifier: Apache-2.0
 * A fuzz target: libFuzzer calls it, or replay.c with the files of its corpus. */
#ifndef UP_FUZZ_H
#define UP_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold for every input; not assert(), which NDEBUG would take away. */
#define FUZZ_HOLDS(cond) do { if (!(cond)) abort(); } while (0)

#endif
