/* SPDX-License-Identifier: Apache-2.0
 * Private to server/store: the thread that runs waiting operations, many in one transaction. */
#ifndef UP_WRITER_H
#define UP_WRITER_H

#include "server/store/tx.h"

#define UP_WRITER_QUEUE 4096             /* waiting operations; more are refused */

UP_MUST_USE enum up_err up_writer_start(struct up_store *);
void up_writer_stop(struct up_store *);  /* after the waiting ones are done */

#endif
