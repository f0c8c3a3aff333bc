/* SPDX-License-Identifier: Apache-2.0 */
#include "server/db/pool.h"

#include "server/db/engine.h"

void up_pool_init(struct up_pool *pool, const struct up_db_settings *settings)
{
	*pool = (struct up_pool){ .settings = *settings, .lock = PTHREAD_MUTEX_INITIALIZER };
	pool->settings.create = false;
	pool->settings.reader = true;
}

void up_pool_free(struct up_pool *pool)
{
	while (pool->idle != NULL) {
		struct up_db *db = pool->idle;

		pool->idle = db->next;
		up_db_close(&db);
	}
	pthread_mutex_destroy(&pool->lock);
}

enum up_err up_pool_take(struct up_pool *pool, struct up_db **out, char why[256])
{
	pthread_mutex_lock(&pool->lock);
	*out = pool->idle;
	if (*out != NULL) {
		pool->idle = (*out)->next;
		pool->n_idle--;
	}
	pthread_mutex_unlock(&pool->lock);
	return *out != NULL ? UP_OK : up_db_open(&pool->settings, out, why);
}

void up_pool_put(struct up_pool *pool, struct up_db **dbp)
{
	struct up_db *db = *dbp;

	*dbp = NULL;
	if (db == NULL)
		return;
	pthread_mutex_lock(&pool->lock);
	if (pool->n_idle < UP_POOL_IDLE) {
		db->next = pool->idle;
		pool->idle = db;
		pool->n_idle++;
		db = NULL;
	}
	pthread_mutex_unlock(&pool->lock);
	up_db_close(&db);
}
