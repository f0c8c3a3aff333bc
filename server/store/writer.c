/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE 1                    /* pthread_setname_np */
#include "server/store/writer.h"

#include <time.h>

#include "server/store/act.h"

/* Against the 50 ms that a login may take from the confirmation on; each commit also makes every
 * reader begin with an empty page cache. */
#define GATHER_NS 2000000

/* --- running a list of operations --- */

static enum up_err try_transaction(struct up_tx *tx, struct up_op *list, const struct up_op *end)
{
	enum up_err err;

	up_db_clear(tx->db);
	err = up_tx_begin(tx);
	if (err != UP_OK)
		return err;
	for (struct up_op *op = list; err == UP_OK && op != end; op = op->next)
		err = up_op_apply(tx, op);
	if (err != UP_OK) {
		up_tx_rollback(tx);
		return err;
	}
	return up_tx_commit(tx);
}

/* All of LIST up to (not with) END in one transaction. On UP_E_STORE nothing is kept, but after
 * UP_DB_UNKNOWN; nor on any other error, with which one was refused and must be undone. */
static enum up_err transaction(struct up_store *s, struct up_op *list, const struct up_op *end)
{
	enum up_err err;
	int tries = 0;

	do
		err = try_transaction(&s->write, list, end);
	while (err == UP_E_STORE && up_db_trouble(s->write.db) == UP_DB_RETRY &&
	    ++tries < UP_TX_TRIES);
	if (err == UP_OK) {
		atomic_fetch_add(&s->commits, 1);
		atomic_store(&s->failed, false);
	}
	return err;
}

static void fail(struct up_store *s, struct up_op *op, bool unsure)
{
	up_op_fail(op, unsure);
	atomic_fetch_add(&s->failures, 1);
}

static bool is_unknown(const struct up_store *s)
{
	return up_db_trouble(s->write.db) == UP_DB_UNKNOWN;
}

/* After the group failed: each alone, so that one bad operation harms nobody. A disk that fails
 * one fails the others too: they are not tried, for each might wait out the lock of another
 * process. Nor is one that may have been kept: it would be written twice. */
static void one_by_one(struct up_store *s, struct up_op *list)
{
	const bool all_unsure = is_unknown(s);
	bool down = all_unsure;

	if (all_unsure) {
		atomic_store(&s->failed, true);
		up_tx_log(
		    s, 'e', "store: nobody knows whether the operations were kept", s->write.db);
	}
	for (struct up_op *op = list; op != NULL; op = op->next) {
		enum up_err err = down ? UP_E_STORE : transaction(s, op, op->next);
		bool unsure = all_unsure;

		if (err == UP_OK)
			continue;
		if (err != UP_E_STORE) {
			up_op_undone(op);
			continue;
		}
		if (!down) {
			unsure = is_unknown(s);
			down = up_tx_is_down(&s->write);
			atomic_store(&s->failed, down);
			up_tx_log(s, 'e', "store: operation failed", s->write.db);
		}
		fail(s, op, unsure);
	}
}

static void run(struct up_store *s, struct up_op *list)
{
	uint64_t n = 0;

	for (struct up_op *op = list; op != NULL; op = op->next)
		n++;
	pthread_mutex_lock(&s->write_lock);
	if (transaction(s, list, NULL) != UP_OK)
		one_by_one(s, list);
	pthread_mutex_unlock(&s->write_lock);
	atomic_fetch_add(&s->jobs, n);
	for (struct up_op *op = list; op != NULL; op = op->next) {
		if (op->counted)
			atomic_fetch_add(&s->counted, 1);
		up_op_wipe(op);
	}
}

/* DONE may free the operation, or put it in the queue again. */
static void finish(struct up_op *list)
{
	while (list != NULL) {
		struct up_op *next = list->next;

		list->next = NULL;
		if (list->done != NULL)
			list->done(list);
		list = next;
	}
}

/* --- the thread --- */

/* All that waits; NULL: closing and nothing left. */
static struct up_op *take_all(struct up_store *s)
{
	struct up_op *list;

	pthread_mutex_lock(&s->queue_lock);
	while (s->first == NULL && !s->closing) {
		s->asleep = true;
		pthread_cond_wait(&s->queue_filled, &s->queue_lock);
		s->asleep = false;
	}
	list = s->first;
	s->first = NULL;
	s->last = &s->first;
	s->queued = 0;
	pthread_mutex_unlock(&s->queue_lock);
	return list;
}

static void *writer(void *arg)
{
	static const struct timespec gather = { 0, GATHER_NS };
	struct up_store *s = arg;
	struct up_op *list;

	while ((list = take_all(s)) != NULL) {
		bool crowded = list->next != NULL;

		run(s, list);
		finish(list);
		/* Where operations come together more are on their way: a moment's patience saves
		 * commits, at no cost to one who comes alone. */
		if (crowded)
			nanosleep(&gather, NULL);
	}
	return NULL;
}

enum up_err up_writer_start(struct up_store *s)
{
	if (pthread_create(&s->writer, NULL, writer, s) != 0)
		return UP_E_NOMEM;
	pthread_setname_np(s->writer, "unitpass-store");
	s->has_writer = true;                    /* before anybody else knows the store */
	return UP_OK;
}

void up_store_drain(struct up_store *s)
{
	up_writer_stop(s);
}

void up_writer_stop(struct up_store *s)
{
	bool running;

	pthread_mutex_lock(&s->queue_lock);
	running = s->has_writer && !s->closing;
	s->closing = true;
	pthread_cond_signal(&s->queue_filled);
	pthread_mutex_unlock(&s->queue_lock);
	if (running)
		pthread_join(s->writer, NULL);
}

static bool put(struct up_store *s, struct up_op *op)
{
	if (s->queued >= UP_WRITER_QUEUE)
		return false;
	*s->last = op;
	s->last = &op->next;
	s->queued++;
	return true;
}

enum up_err up_store_submit(struct up_store *s, struct up_op *op)
{
	enum { REFUSED, ALONE, QUEUED } way;
	bool wake;

	op->next = NULL;
	pthread_mutex_lock(&s->queue_lock);
	way = s->closing ? REFUSED : !s->has_writer ? ALONE : put(s, op) ? QUEUED : REFUSED;
	wake = s->asleep;
	pthread_mutex_unlock(&s->queue_lock);
	if (way == ALONE) {
		run(s, op);
		finish(op);
	} else if (wake) {
		pthread_cond_signal(&s->queue_filled);
	}
	return way == REFUSED ? UP_E_BUSY : UP_OK;
}

/* --- waiting for one operation --- */

struct waiter { pthread_mutex_t lock; pthread_cond_t ended; bool over; };

static void wake_waiter(struct up_op *op)
{
	struct waiter *w = op->arg;

	pthread_mutex_lock(&w->lock);
	w->over = true;
	/* under the lock: the waiter's memory goes when it is released */
	pthread_cond_signal(&w->ended);
	pthread_mutex_unlock(&w->lock);
}

enum up_err up_store_run(struct up_store *s, struct up_op *op)
{
	struct waiter w = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false };
	void *arg = op->arg;
	enum up_err err;

	op->done = wake_waiter;
	op->arg = &w;
	err = up_store_submit(s, op);
	pthread_mutex_lock(&w.lock);
	while (err == UP_OK && !w.over)
		pthread_cond_wait(&w.ended, &w.lock);
	pthread_mutex_unlock(&w.lock);
	pthread_mutex_destroy(&w.lock);
	pthread_cond_destroy(&w.ended);
	op->done = NULL;
	op->arg = arg;
	if (err != UP_OK)
		op->err = err;
	return op->err;
}
