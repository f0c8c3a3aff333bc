/* SPDX-License-Identifier: Apache-2.0
 * SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed hash for tables whose keys a stranger may
 * choose. */
#ifndef UP_SIPHASH_H
#define UP_SIPHASH_H

#include "core/span.h"

uint64_t up_siphash(const uint64_t key[2], struct up_span in);

#endif
