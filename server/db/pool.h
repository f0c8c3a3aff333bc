/* SPDX-License-Identifier: Apache-2.0
 * Read connections kept for later. */
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
};

void up_pool_init(struct up_pool *, const struct up_db_settings *);
void up_pool_free(struct up_pool *);     /* all must be back */
/* A reader of one's own until it is put back. WHY as up_db_open. */
UP_MUST_USE enum up_err up_pool_take(struct up_pool *, struct up_db **out, char why[256]);
void up_pool_put(struct up_pool *, struct up_db **);     /* takes NULL; clears */

#endif
