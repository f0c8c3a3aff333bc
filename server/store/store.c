/* SPDX-License-Identifier: Apache-2.0
 * Opening, closing and health of the store. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "server/db/schema.h"
#include "server/store/reseal.h"
#include "server/store/tx.h"
#include "server/store/writer.h"

#define PROBE_EVERY_MS 1000

static enum up_err prepare(struct up_store *s, const struct up_store_settings *o, char why[256])
{
	const struct up_db_settings settings = {.database = s->database,
	    .password = s->password,
	    .create = o->create,
	    .texts = up_sql_texts,
	    .n_texts = UP_SQL_N};
	struct up_tx *tx = &s->write;
	enum up_err err;

	up_pool_init(&s->readers, &settings);
	tx->password_key = s->password_key;
	tx->administrator = s->administrator;
	tx->data_keys = s->data_keys;
	err = up_db_open(&settings, &tx->db, why);
	if (err == UP_OK)
		err = up_schema_migrate(tx->db, up_schema_of(tx->db), why);
	if (err == UP_OK)
		err = up_reseal_prepare(s, why);
	if (err == UP_OK && o->writer) {
		err = up_writer_start(s);
		if (err != UP_OK)
			snprintf(why, 256, "cannot start the writer thread");
	}
	return err;
}

static void release(struct up_store *s)
{
	up_wipe(s->password_key, sizeof(s->password_key));
	if (s->password != NULL)
		up_wipe(s->password, strlen(s->password));
	free(s->password);
	free(s->database);
	free(s->administrator);
	free(s);
}

/* A copy of TEXT in *OUT; NULL stays NULL. */
static bool keep(const char *text, char **out)
{
	*out = text != NULL ? strdup(text) : NULL;
	return text == NULL || *out != NULL;
}

static struct up_store *allocate(const struct up_store_settings *o)
{
	struct up_store *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	if (keep(o->database, &s->database) && keep(o->password, &s->password) &&
	    keep(o->administrator, &s->administrator))
		return s;
	release(s);
	return NULL;
}

enum up_err up_store_open(const struct up_store_settings *o, struct up_store **out, char why[256])
{
	struct up_store *s = allocate(o);
	enum up_err err;

	*out = NULL;
	why[0] = '\0';
	if (s == NULL) {
		snprintf(why, 256, "no memory");
		return UP_E_NOMEM;
	}
	memcpy(s->password_key, o->password_key, sizeof(s->password_key));
	s->data_keys = o->data_keys;
	s->log = o->log;
	s->last = &s->first;
	pthread_mutex_init(&s->write_lock, NULL);
	pthread_mutex_init(&s->queue_lock, NULL);
	pthread_cond_init(&s->queue_filled, NULL);
	err = prepare(s, o, why);
	if (err != UP_OK)
		up_store_close(&s);
	*out = s;
	return err;
}

void up_store_close(struct up_store **sp)
{
	struct up_store *s = *sp;

	*sp = NULL;
	if (s == NULL)
		return;
	up_writer_stop(s);
	up_pool_free(&s->readers);
	up_db_close(&s->write.db); /* last: a file's log is folded into it */
	up_buf_free(&s->write.body);
	pthread_mutex_destroy(&s->write_lock);
	pthread_mutex_destroy(&s->queue_lock);
	pthread_cond_destroy(&s->queue_filled);
	release(s);
}

static int64_t monotonic_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Is there room for one record more? On a full disk an update may still fit, where the row was
 * before. Larger than most records, and taken back. */
static enum up_err try_room(struct up_tx *tx)
{
	static const uint8_t body[1500];
	const struct up_db_arg none = up_db_optional(up_span_str(""));
	const struct up_db_arg args[] = { up_db_int(0), up_db_int(0), none, none,
		up_db_blob(body, sizeof(body)) };
	enum up_err err = up_tx_begin(tx);
	int64_t added;

	/* who asks how many waits for the answer: see up_db_run_one */
	if (err == UP_OK) {
		err = up_db_run(tx->db, UP_SQL_USAGE_ADD, args, UP_ARRAY_LEN(args), &added);
		up_tx_rollback(tx);
	}
	return err;
}

static enum up_err try_commit(struct up_tx *tx, int64_t now_ms)
{
	const struct up_db_arg arg = up_db_int(now_ms);
	enum up_err err = up_tx_begin(tx);

	if (err != UP_OK)
		return err;
	err = up_db_run_one(tx->db, UP_SQL_PROBE, &arg, 1);
	if (err == UP_OK)
		return up_tx_commit(tx);
	up_tx_rollback(tx);
	return err;
}

/* After a failed commit nobody may come to try again (a balancer sends no logins to the unhealthy):
 * so try, at most once a second. */
static void probe(struct up_store *s)
{
	const int64_t now_ms = monotonic_ms();
	enum up_err err;

	if (pthread_mutex_trylock(&s->write_lock) != 0)
		return;
	if (s->probed_ms == 0 || now_ms - s->probed_ms >= PROBE_EVERY_MS) {
		s->probed_ms = now_ms;
		err = try_room(&s->write);
		if (err == UP_OK)
			err = try_commit(&s->write, now_ms);
		atomic_store(&s->failed, err != UP_OK);
	}
	pthread_mutex_unlock(&s->write_lock);
}

enum up_err up_store_healthy(struct up_store *s)
{
	struct up_tx_read r;
	enum up_err err;

	if (atomic_load(&s->failed))
		probe(s);
	if (atomic_load(&s->failed))
		return UP_E_STORE;
	err = up_tx_read(s, UP_SQL_PING, NULL, 0, &r);
	up_tx_read_end(&r);
	return err == UP_OK && r.row ? UP_OK : UP_E_STORE;
}

void up_store_stats(struct up_store *s, struct up_store_stats *out)
{
	pthread_mutex_lock(&s->queue_lock);
	out->queue = s->queued;
	pthread_mutex_unlock(&s->queue_lock);
	out->commits = atomic_load(&s->commits);
	out->jobs = atomic_load(&s->jobs);
	out->failures = atomic_load(&s->failures);
	out->counted = atomic_load(&s->counted);
}
