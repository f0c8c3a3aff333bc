/* SPDX-License-Identifier: Apache-2.0 */
#include "server/db/pool.h"

#include <stdio.h>
#include <time.h>

#include "server/db/engine.h"

#define PAUSE_MIN_MS 100
#define PAUSE_MAX_MS 800

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

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- opening; the caller has the lock --- */

static struct up_db *pop(struct up_pool *pool)
{
	struct up_db *db = pool->idle;

	if (db == NULL)
		return NULL;
	pool->idle = db->next;
	pool->n_idle--;
	return db;
}

/* All may, until one fails; then one at a time (*ALONE), and not soon after it failed again. */
static bool may_open(struct up_pool *pool, bool *alone)
{
	*alone = pool->pause_ms > 0;
	if (*alone && (pool->is_tried || now_ms() < pool->not_before_ms))
		return false;
	pool->is_tried = *alone;
	return true;
}

static void opened(struct up_pool *pool, bool ok, bool alone)
{
	if (alone)
		pool->is_tried = false;
	if (ok) {
		pool->pause_ms = 0;
		return;
	}
	if (pool->pause_ms == 0)
		pool->pause_ms = PAUSE_MIN_MS;
	else if (alone && pool->pause_ms < PAUSE_MAX_MS)
		pool->pause_ms *= 2;
	pool->not_before_ms = now_ms() + pool->pause_ms;
}

/* --- taking and putting back --- */

enum up_err up_pool_take(struct up_pool *pool, struct up_db **out, char why[256])
{
	enum up_err err;
	bool may, alone;

	pthread_mutex_lock(&pool->lock);
	*out = pop(pool);
	may = *out == NULL && may_open(pool, &alone);
	pthread_mutex_unlock(&pool->lock);
	if (*out != NULL)
		return UP_OK;
	if (!may) {
		snprintf(why, 256, "no connection to the database a moment ago");
		return UP_E_STORE;
	}
	err = up_db_open(&pool->settings, out, why);
	pthread_mutex_lock(&pool->lock);
	opened(pool, err == UP_OK, alone);
	pthread_mutex_unlock(&pool->lock);
	return err;
}

void up_pool_put(struct up_pool *pool, struct up_db **dbp)
{
	struct up_db *db = *dbp;

	*dbp = NULL;
	if (db == NULL)
		return;
	pthread_mutex_lock(&pool->lock);
	if (pool->n_idle < UP_POOL_IDLE && up_db_trouble(db) != UP_DB_DOWN) {
		db->next = pool->idle;
		pool->idle = db;
		pool->n_idle++;
		db = NULL;
	}
	pthread_mutex_unlock(&pool->lock);
	up_db_close(&db);
}
