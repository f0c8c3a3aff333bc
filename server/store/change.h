/* SPDX-License-Identifier: Apache-2.0
 * Private to server/store: change records (证书变动) of what an administrator writes from the
 * command line. */
#ifndef UP_CHANGE_H
#define UP_CHANGE_H

#include "core/json_put.h"
#include "server/store/tx.h"

/* Append R inside the write transaction that makes the change: EVENT, what changed (before, after:
 * JSON text or "") and whom it concerns are the caller's; id, time, result, channel and who did it
 * are filled in here. UP_E_STORE, UP_E_CLOCK. */
UP_MUST_USE enum up_err up_change_record(struct up_tx *, struct up_record *r, int64_t now_ms);
/* UP_E_CLOCK: NOW_MS is behind the newest record, and nobody accepted that. Asked before a change
 * is dated. */
UP_MUST_USE enum up_err up_change_clock(struct up_tx *, int64_t now_ms);
/* Append {"NAME":"VALUE"}, for before and after. */
void up_change_word(struct up_buf *, const char *name, struct up_span value);

#endif
