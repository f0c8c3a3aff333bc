/* SPDX-License-Identifier: Apache-2.0
 * Private to server/store: appending usage records inside a write transaction. */
#ifndef UP_USAGE_H
#define UP_USAGE_H

#include "server/store/tx.h"

#define UP_USAGE_BLOCK_BITS 12

UP_MUST_USE enum up_err up_usage_begin(struct up_tx *);      /* reads the last seq */
/* Gives R the next seq, writes it, tells its leaf hash. UP_E_STORE. */
UP_MUST_USE enum up_err up_usage_add(struct up_tx *, struct up_record *r, uint8_t leaf[32]);
/* before the commit: the times of the current block */
UP_MUST_USE enum up_err up_usage_flush(struct up_tx *);

#endif
