/* SPDX-License-Identifier: Apache-2.0
 * Transactions at a PostgreSQL server, and what became of one whose connection was cut.
 *
 * One writer at a time, of all programs and machines: the first statement takes an advisory lock
 * that ends with the transaction, so what is read after it (READ COMMITTED: each statement sees
 * what was committed before it) is the newest and stays so, and records get a sequence without
 * gaps. With the lock, each transaction leaves its number in the writer's row of commit_mark.
 *
 * A COMMIT without an answer was kept or was not. So one takes the lock on a new connection: then
 * the old transaction has ended, one way or the other; and the row tells which. (pg_xact_status
 * would need no row, but after a crash the numbers of transactions that never reached the disk
 * are given again: its answer might be about another's.) */
#include <stdio.h>
#include <string.h>

#include "server/db/postgres.h"

#define LOOKUP_PAUSE_MS 50
#define LOOKUP_GRACE_MS 500              /* for the old backend to end by itself */

/* "unitpass" */
#define LOCK "8461816698698298227"

enum fixed { BEGIN, TAKE_LOCK, SET_MARK, COMMIT, N_FIXED };

static const struct { const char *name, *text; int n_args; } fixed[N_FIXED] = {
	[BEGIN] = { "begin", "BEGIN", 0 },
	[TAKE_LOCK] = { "lock", "SELECT pg_advisory_xact_lock(" LOCK ")", 0 },
	[SET_MARK] = { "mark",
	    "INSERT INTO commit_mark (writer, mark, at) VALUES ($1::bigint, $2::bigint, now())"
	    " ON CONFLICT (writer) DO UPDATE SET mark = excluded.mark, at = excluded.at", 2 },
	[COMMIT] = { "commit", "COMMIT", 0 },
};

static struct up_postgres *own(struct up_db *head)
{
	return (struct up_postgres *)head;
}

/* --- several statements in one round trip --- */

static bool send(struct up_postgres *p, enum fixed f)
{
	uint8_t numbers[2][8];
	const char *values[] = { (const char *)numbers[0], (const char *)numbers[1] };
	static const int lengths[] = { 8, 8 }, binary[] = { 1, 1 };

	up_postgres_put64(numbers[0], p->writer);
	up_postgres_put64(numbers[1], p->mark);
	return PQsendQueryPrepared(
	    p->conn, fixed[f].name, fixed[f].n_args, values, lengths, binary, 1) == 1;
}

/* All results up to the end of the pipeline; the first failure is kept. */
static enum up_err receive(struct up_postgres *p)
{
	enum up_err err = UP_OK;
	bool ended = false;
	int empty = 0;

	/* a result is NULL between two statements; twice in a row: nothing will come any more */
	while (!ended && empty < 2) {
		PGresult *r = PQgetResult(p->conn);
		ExecStatusType status = PQresultStatus(r);

		empty = r == NULL ? empty + 1 : 0;
		ended = status == PGRES_PIPELINE_SYNC;
		if (err == UP_OK && r != NULL && !ended && status != PGRES_COMMAND_OK &&
		    status != PGRES_TUPLES_OK)
			err = up_postgres_failed(p, r);
		PQclear(r);
	}
	return err != UP_OK || ended ? err : up_postgres_failed(p, NULL);
}

static enum up_err pipeline(struct up_postgres *p, const enum fixed *list, size_t n)
{
	enum up_err err = UP_OK;
	bool sent = PQenterPipelineMode(p->conn) == 1;

	for (size_t i = 0; sent && i < n; i++)
		sent = send(p, list[i]);
	sent = sent && PQpipelineSync(p->conn) == 1;
	err = sent ? receive(p) : up_postgres_failed(p, NULL);
	if (PQexitPipelineMode(p->conn) == 1)
		return err;
	if (err == UP_OK)
		err = up_postgres_failed(p, NULL);
	up_postgres_drop(p);
	return err;
}

/* --- begin --- */

static enum up_err look_for_marks(struct up_postgres *p)
{
	PGresult *r = NULL;
	enum up_err err = up_postgres_exec(p, UP_POSTGRES_HAS_MARKS, &r);

	p->has_marks = err == UP_OK && PQgetvalue(r, 0, 0)[0] == '1';
	PQclear(r);
	return err;
}

/* With the first transaction of a connection: its statements, and the rows of writers long gone. */
static enum up_err prepare(struct up_postgres *p)
{
	enum up_err err = UP_OK;

	for (size_t i = 0; err == UP_OK && i < N_FIXED; i++) {
		PGresult *r = PQprepare(p->conn, fixed[i].name, fixed[i].text, 0, NULL);

		if (PQresultStatus(r) != PGRES_COMMAND_OK)
			err = up_postgres_failed(p, r);
		PQclear(r);
	}
	if (err == UP_OK)
		err = up_postgres_exec(
		    p, "DELETE FROM commit_mark WHERE at < now() - interval '1 day'", NULL);
	p->has_fixed = err == UP_OK;
	if (err != UP_OK)
		up_postgres_drop(p);     /* half prepared */
	return err;
}

static enum up_err begin(struct up_postgres *p)
{
	static const enum fixed list[] = { BEGIN, TAKE_LOCK, SET_MARK };
	enum up_err err = p->has_marks ? UP_OK : look_for_marks(p);

	if (err == UP_OK && p->has_marks && !p->has_fixed)
		err = prepare(p);
	p->mark++;
	if (err == UP_OK && p->has_marks)
		err = pipeline(p, list, UP_ARRAY_LEN(list));
	else if (err == UP_OK)           /* before there is a schema */
		err = up_postgres_exec(p, "BEGIN; SELECT pg_advisory_xact_lock(" LOCK ")", NULL);
	return err;
}

enum up_err up_postgres_begin(struct up_db *head)
{
	struct up_postgres *p = own(head);
	enum up_err err = up_postgres_connect(p);

	if (err == UP_OK)
		err = begin(p);
	/* Nothing was done yet: a connection that died of old age is made again. */
	if (err != UP_OK && up_postgres_is_cut(p)) {
		err = up_postgres_connect(p);
		if (err == UP_OK)
			err = begin(p);
	}
	p->in_transaction = true;
	if (err != UP_OK)
		up_postgres_rollback(head);
	return err;
}

static void roll_back(struct up_postgres *p)
{
	PGresult *r = PQexec(p->conn, "ROLLBACK");

	if (PQresultStatus(r) != PGRES_COMMAND_OK)
		up_postgres_drop(p);
	PQclear(r);
}

void up_postgres_rollback(struct up_db *head)
{
	struct up_postgres *p = own(head);
	const struct up_db cause = *head;        /* stays */

	(void)up_postgres_settle(p);
	if (p->in_transaction && !up_postgres_is_cut(p))
		roll_back(p);
	p->in_transaction = false;
	*head = cause;
}

void up_postgres_set_patience(struct up_db *head, unsigned ms)
{
	struct up_postgres *p = own(head);
	char text[48];

	p->patience_ms = ms;
	snprintf(text, sizeof(text), "SET lock_timeout = %u", ms);
	if (!up_postgres_is_cut(p))
		PQclear(PQexec(p->conn, text));
}

/* --- the outcome of a commit without an answer --- */

/* The backend of the lost connection may not have noticed yet, and holds the lock: end it. It is
 * known by its number and by the lock. */
static void end_backend(struct up_postgres *p, int pid)
{
	char text[240];

	snprintf(text, sizeof(text),
	    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE pid = %d AND granted"
	    " AND locktype = 'advisory' AND database ="
	    " (SELECT oid FROM pg_database WHERE datname = current_database())",
	    pid);
	PQclear(PQexec(p->conn, text));
}

/* One try. UP_OK: *KEPT says. */
static enum up_err ask(struct up_postgres *p, unsigned patience_ms, bool *kept)
{
	char text[200];
	PGresult *r = NULL;
	enum up_err err;

	snprintf(text, sizeof(text),
	    "BEGIN; SET LOCAL lock_timeout = %u; SELECT pg_advisory_xact_lock(" LOCK ")",
	    patience_ms);
	err = up_postgres_exec(p, text, NULL);
	snprintf(text, sizeof(text),
	    "SELECT count(*) FROM commit_mark WHERE writer = %lld AND mark = %lld",
	    (long long)p->writer, (long long)p->mark);
	if (err == UP_OK)
		err = up_postgres_exec(p, text, &r);
	if (err == UP_OK)
		*kept = PQgetvalue(r, 0, 0)[0] == '1';
	PQclear(r);
	if (!up_postgres_is_cut(p))
		PQclear(PQexec(p->conn, "ROLLBACK"));
	return err;
}

static enum up_err look_up(struct up_postgres *p, int pid)
{
	const int64_t until = up_postgres_now_ms() + UP_DB_LOOKUP_MS;
	bool kept = false;

	while (p->has_marks && up_postgres_now_ms() < until) {
		p->not_before_ms = 0;
		if (up_postgres_connect(p) != UP_OK) {
			up_postgres_sleep_ms(LOOKUP_PAUSE_MS);
			continue;
		}
		if (ask(p, LOOKUP_GRACE_MS, &kept) == UP_OK)
			return kept ? UP_OK
			            : up_db_failed(&p->head, UP_DB_DOWN, "08006",
				          "the connection was cut before the commit");
		if (!up_postgres_is_cut(p))
			end_backend(p, pid);
	}
	return up_db_failed(&p->head, UP_DB_UNKNOWN, "08007",
	    "the connection was cut in the commit, and nobody could be asked");
}

enum up_err up_postgres_commit(struct up_db *head)
{
	struct up_postgres *p = own(head);
	int pid = PQbackendPID(p->conn);
	PGresult *r;
	enum up_err err = up_postgres_settle(p);

	if (err != UP_OK)
		return err;              /* it is rolled back */
	p->in_transaction = false;
	if (up_postgres_is_cut(p))       /* known before the COMMIT was sent */
		return up_db_failed(&p->head, UP_DB_DOWN, "08006",
		    "the connection was cut inside the transaction");
	r = p->has_fixed ? PQexecPrepared(p->conn, fixed[COMMIT].name, 0, NULL, NULL, NULL, 1)
	                 : PQexec(p->conn, "COMMIT");
	/* A backend that was ended says so even after it committed: only one that goes on is
	 * believed. */
	if (up_postgres_is_cut(p))
		err = look_up(p, pid);
	else if (PQresultStatus(r) != PGRES_COMMAND_OK)
		err = up_postgres_failed(p, r);
	else if (strcmp(PQcmdStatus(r), "COMMIT") != 0)
		err = up_db_fail(head, UP_DB_OTHER, "a statement before the commit had failed");
	PQclear(r);
	return err;
}
