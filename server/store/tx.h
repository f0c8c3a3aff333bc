/* SPDX-License-Identifier: Apache-2.0
 * Private to server/store: the store itself, its connections and its write transactions. */
#ifndef UP_TX_H
#define UP_TX_H

#include <pthread.h>
#include <stdatomic.h>

#include "server/keys/data_keys.h"
#include "server/db/pool.h"
#include "server/store/sql.h"
#include "server/store/op.h"

/* What a write transaction works with; there is one, on the store's write connection. */
struct up_tx {
	struct up_db *db;
	const uint8_t *password_key;     /* the store's */
	struct up_data_keys *data_keys;  /* the store's; may be NULL */
	const char *administrator;       /* the store's; may be NULL */
	int64_t last_seq, last_ms;       /* of the newest record */
	struct { int64_t number, first_ms, last_ms; bool dirty; } block;
	struct up_buf body;
};

struct up_store {
	char *database, *password;       /* PASSWORD may be NULL */
	uint8_t password_key[32];
	struct up_data_keys *data_keys;  /* borrowed; may be NULL */
	char *administrator;             /* who makes the changes of this process; may be NULL */
	void (*log)(char level, const char *line);

	struct up_pool readers;

	/* The write connection: one transaction at a time in this process. */
	pthread_mutex_t write_lock;
	struct up_tx write;
	atomic_bool failed;              /* the last commit */
	int64_t probed_ms;               /* under write_lock */

	pthread_mutex_t queue_lock;      /* all from here to ASLEEP */
	pthread_cond_t queue_filled;
	pthread_t writer;
	bool has_writer;
	struct up_op *first, **last;
	size_t queued;
	bool closing, asleep;

	atomic_uint_least64_t commits, jobs, failures, counted;
};

/* A read connection of one's own until it is put back. */
UP_MUST_USE enum up_err up_tx_take(struct up_store *, struct up_db **out);
void up_tx_put(struct up_store *, struct up_db **);
/* One statement on a read connection of its own, at its first row. */
struct up_tx_read {
	struct up_store *store;
	struct up_db *db;
	struct up_db_rows *rows;
	bool row;                        /* as up_db_next says of the further ones */
};
UP_MUST_USE enum up_err up_tx_read(struct up_store *, enum up_sql id, const struct up_db_arg *args,
    size_t n, struct up_tx_read *out);
void up_tx_read_end(struct up_tx_read *);        /* after a read that failed too */

UP_MUST_USE enum up_err up_tx_begin(struct up_tx *);
UP_MUST_USE enum up_err up_tx_commit(struct up_tx *);    /* rolled back when it fails */
void up_tx_rollback(struct up_tx *);

/* Is the last failure about disk, file or connection rather than about one statement? */
bool up_tx_is_down(const struct up_tx *);
#define UP_TX_TRIES 5                    /* of one transaction, the first included */

/* 22 characters and NUL of fresh randomness. UP_E_CRYPTO. */
UP_MUST_USE enum up_err up_tx_draw(char out[UP_STORE_REF + 1]);
/* WHAT, with the cause that DB keeps unless it is NULL. */
void up_tx_log(const struct up_store *, char level, const char *what, const struct up_db *);

#endif
