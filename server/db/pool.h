/* SPDX-License-Identifier: Apache-2.0
 * Read connections kept for later.
 *
 * Where the database does not answer, to open a connection takes seconds of a thread that others
 * need: while opening fails, one tries, seldom, and all others are told at once. */
#ifndef UP_DB_POOL_H
#define UP_DB_POOL_H

#include <pthread.h>

#include "server/db/db.h"

#define UP_POOL_IDLE 16

struct up_pool {
	struct up_db_settings settings;  /* of its readers; what it borrows outlives the pool */
	pthread_mutex_t lock;
	struct up_db *idle;
	unsigned n_idle;
	/* Since opening failed (PAUSE_MS is 0: it did not): */
	unsigned pause_ms;
	int64_t not_before_ms;           /* of a clock that nobody sets */
	bool is_tried;                   /* somebody is at it */
};

void up_pool_init(struct up_pool *, const struct up_db_settings *);
void up_pool_free(struct up_pool *);     /* all must be back */
/* A reader of one's own until it is put back. Errors and WHY as up_db_open; UP_E_STORE at once
 * while opening fails. */
UP_MUST_USE enum up_err up_pool_take(struct up_pool *, struct up_db **out, char why[256]);
/* Takes NULL; clears. One whose last failure was UP_DB_DOWN is closed: it would have to come to the
 * server again by itself. */
void up_pool_put(struct up_pool *, struct up_db **);

#endif
