/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE 1                    /* memmem */
#include "server/store/usage.h"

#include <stdio.h>
#include <string.h>

#include "core/clock.h"

/* Records read in one go before the database is let go: a long read keeps the write-ahead log from being reused. */
#define CHUNK 4096
/* A transaction is over long before (SECURITY 4: five minutes and two). */
#define LOGIN_MS (20 * 60 * 1000)

/* What follows a scan (or an expiry) of its transaction within LOGIN_MS needs no index entry of its own: two of three records of a login. */
static bool follows(struct up_span event)
{
	return up_span_eq_str(event, "login.approve") || up_span_eq_str(event, "login.deny") || up_span_eq_str(event, "login.redeem");
}

enum up_err up_usage_begin(struct up_sqlite *c)
{
	sqlite3_stmt *st;
	bool row;
	enum up_err e = up_sqlite_first(c, UP_SQL_USAGE_LAST, NULL, 0, &st, &row);

	c->last_seq = c->last_ms = 0;
	if (e == UP_OK && row) {
		c->last_seq = sqlite3_column_int64(st, 0);
		c->last_ms = sqlite3_column_int64(st, 1);
	}
	up_sqlite_end(&st);
	c->block.dirty = false;
	return e;
}

enum up_err up_usage_flush(struct up_sqlite *c)
{
	const struct up_sqlite_arg args[] = { up_sqlite_int(c->block.number), up_sqlite_int(c->block.first_ms), up_sqlite_int(c->block.last_ms) };

	if (!c->block.dirty)
		return UP_OK;
	c->block.dirty = false;
	return up_sqlite_run_one(c, UP_SQL_USAGE_BLOCK, args, UP_ARRAY_LEN(args));
}

static enum up_err note_time(struct up_sqlite *c, int64_t seq, int64_t time_ms)
{
	int64_t number = seq >> UP_USAGE_BLOCK_BITS;

	if (c->block.dirty && c->block.number != number) {
		enum up_err e = up_usage_flush(c);

		if (e != UP_OK)
			return e;
	}
	if (!c->block.dirty) {
		c->block.number = number;
		c->block.first_ms = c->block.last_ms = time_ms;
		c->block.dirty = true;
	}
	if (time_ms < c->block.first_ms)
		c->block.first_ms = time_ms;
	if (time_ms > c->block.last_ms)
		c->block.last_ms = time_ms;
	return UP_OK;
}

/* Dates never go back. Jobs that overtook each other differ by moments; what differs by more is
 * told by the record itself. */
static void date(struct up_sqlite *c, struct up_record *r)
{
	if (r->time_ms >= c->last_ms)
		return;
	if (r->time_ms < c->last_ms - UP_CLOCK_BACK_MS)
		r->clock_ms = r->time_ms;
	r->time_ms = c->last_ms;
}

enum up_err up_usage_add(struct up_sqlite *c, struct up_record *r, uint8_t leaf[32])
{
	enum up_err e;

	date(c, r);
	r->seq = c->last_seq + 1;
	up_buf_reset(&c->body);
	e = up_record_put(&c->body, r);
	if (e != UP_OK) {                        /* bad UTF-8 from a caller: such a record cannot be kept, so nothing may happen */
		c->rc = SQLITE_MISMATCH;
		snprintf(c->message, sizeof(c->message), "record %s", up_err_name(e));
		return UP_E_STORE;
	}
	const struct up_sqlite_arg args[] = {
		up_sqlite_int(r->seq), up_sqlite_int(r->time_ms),
		up_sqlite_optional(r->unit_code.n > 0 ? r->unit_code : r->person_ref),
		up_sqlite_optional(follows(r->event) ? up_span_str("") : r->transaction), up_sqlite_blob(c->body.p, c->body.n),
	};

	e = up_sqlite_run_one(c, UP_SQL_USAGE_ADD, args, UP_ARRAY_LEN(args));
	if (e == UP_OK)
		e = note_time(c, r->seq, r->time_ms);
	if (e != UP_OK)
		return e;
	/* A receipt without its hash would be worth nothing: the job fails. */
	if (up_record_leaf(up_buf_span(&c->body), leaf) != UP_OK) {
		c->rc = SQLITE_NOMEM;
		return UP_E_STORE;
	}
	c->last_seq = r->seq;
	c->last_ms = r->time_ms;
	return UP_OK;
}

/* --- queries ----------------------------------------------------------------------------------------------------------------- */

struct query {
	const struct up_usage_filter *filter;
	enum up_sql up, down;
	struct up_span owner;            /* ?1 */
	char unit[64];
	struct up_buf needles[12];       /* members as they stand in the canonical bytes */
	struct up_buf addresses[2];      /* one of these is wanted, unless empty */
	size_t n_needles;
	int64_t low, high;               /* seq, both exclusive */
	int64_t from_ms, to_ms;
	int64_t found;
	bool stop, sorted;               /* sorted: the whole answer is computed at the first step; no chunks */
};

/* Quotes inside values are escaped, so ,"name":"value" in the bytes can only be the member itself. */
static void put_needle(struct up_buf *b, const char *name, struct up_span value)
{
	up_buf_put_str(b, "\"");
	up_buf_put_str(b, name);
	up_buf_put_str(b, "\":");
	up_buf_put_json(b, value);
}

static void want(struct query *q, const char *name, struct up_span value)
{
	if (value.n > 0)
		put_needle(&q->needles[q->n_needles++], name, value);
}

static enum up_err want_all(struct query *q, const struct up_usage_filter *f)
{
	bool failed = false;

	want(q, "unit_code", f->unit);
	want(q, "holder_ref", f->holder_ref);
	want(q, "person_ref", f->person_ref);
	want(q, "client", f->client);
	want(q, "item", f->item);
	want(q, "event", f->event);
	want(q, "result", f->result);
	want(q, "reason", f->reason);
	want(q, "role", f->role);
	want(q, "transaction", f->transaction);
	want(q, "id", f->id);
	if (f->address.n > 0) {
		put_needle(&q->addresses[0], "initiator_ip", f->address);
		put_needle(&q->addresses[1], "holder_ip", f->address);
	}
	for (size_t i = 0; i < q->n_needles; i++)
		failed = failed || q->needles[i].failed;
	return failed || q->addresses[0].failed || q->addresses[1].failed ? UP_E_NOMEM : UP_OK;
}

static void free_needles(struct query *q)
{
	for (size_t i = 0; i < q->n_needles; i++)
		up_buf_free(&q->needles[i]);
	up_buf_free(&q->addresses[0]);
	up_buf_free(&q->addresses[1]);
}

static bool has(struct up_span body, const struct up_buf *needle)
{
	const uint8_t *p = body.p;
	size_t n = body.n;

	while (n > 0) {
		const uint8_t *at = memmem(p, n, needle->p, needle->n);

		if (at == NULL)
			return false;
		if (at > body.p && (at[-1] == ',' || at[-1] == '{'))
			return true;
		n -= (size_t)(at + 1 - p);
		p = at + 1;
	}
	return false;
}

static bool matches(const struct query *q, int64_t time_ms, struct up_span body)
{
	if (time_ms < q->from_ms || time_ms >= q->to_ms)
		return false;
	for (size_t i = 0; i < q->n_needles; i++)
		if (!has(body, &q->needles[i]))
			return false;
	return q->addresses[0].n == 0 || has(body, &q->addresses[0]) || has(body, &q->addresses[1]);
}

/* A holder belongs to one unit: its records are among the unit's. */
static enum up_err unit_of_holder(struct up_sqlite *c, struct query *q)
{
	const struct up_sqlite_arg arg = up_sqlite_text(q->filter->holder_ref);
	sqlite3_stmt *st;
	bool row;
	enum up_err e = up_sqlite_first(c, UP_SQL_HOLDER_UNIT, &arg, 1, &st, &row);

	if (e == UP_OK && row)
		snprintf(q->unit, sizeof(q->unit), "%s", (const char *)sqlite3_column_text(st, 0));
	up_sqlite_end(&st);
	q->owner = up_span_str(q->unit);
	return e;
}

/* Which index answers with the fewest rows. */
static enum up_err choose(struct up_sqlite *c, struct query *q)
{
	const struct up_usage_filter *f = q->filter;

	q->up = UP_SQL_USAGE_UP;
	q->down = UP_SQL_USAGE_DOWN;
	if (f->unit.n > 0 || f->holder_ref.n > 0) {
		q->up = UP_SQL_USAGE_OWNER_UP;
		q->down = UP_SQL_USAGE_OWNER_DOWN;
		q->owner = f->unit;
		if (f->unit.n == 0)
			return unit_of_holder(c, q);
	} else if (f->person_ref.n > 0) {
		q->up = UP_SQL_USAGE_PERSON_UP;
		q->down = UP_SQL_USAGE_PERSON_DOWN;
		q->owner = f->person_ref;
		q->sorted = true;
	}
	return UP_OK;
}

static void narrow(struct query *q, int64_t low, int64_t high)
{
	q->low = low > q->low ? low : q->low;
	q->high = high < q->high ? high : q->high;
}

/* The blocks that hold records of [FROM_MS, TO_MS). */
static enum up_err bound_time(struct up_sqlite *c, struct query *q, int64_t from_ms, int64_t to_ms)
{
	const struct up_sqlite_arg args[] = { up_sqlite_int(from_ms), up_sqlite_int(to_ms) };
	sqlite3_stmt *st = NULL;
	bool row;
	enum up_err e = up_sqlite_first(c, UP_SQL_USAGE_BOUNDS, args, UP_ARRAY_LEN(args), &st, &row);

	if (e == UP_OK && sqlite3_column_type(st, 0) == SQLITE_NULL)
		narrow(q, 0, 0);         /* no record of that time */
	else if (e == UP_OK)
		narrow(q, (sqlite3_column_int64(st, 0) << UP_USAGE_BLOCK_BITS) - 1, (sqlite3_column_int64(st, 1) + 1) << UP_USAGE_BLOCK_BITS);
	up_sqlite_end(&st);
	return e;
}

/* From the first indexed record of the transaction to LOGIN_MS after the last. Without an indexed record everything is looked through. */
static enum up_err bound_login(struct up_sqlite *c, struct query *q)
{
	const struct up_sqlite_arg arg = up_sqlite_text(q->filter->transaction);
	sqlite3_stmt *st = NULL;
	bool row, known;
	int64_t low = 0, last_ms = 0;
	enum up_err e = up_sqlite_first(c, UP_SQL_USAGE_LOGIN, &arg, 1, &st, &row);

	known = e == UP_OK && sqlite3_column_type(st, 0) != SQLITE_NULL;
	if (known) {
		low = sqlite3_column_int64(st, 0);
		last_ms = sqlite3_column_int64(st, 1);
	}
	up_sqlite_end(&st);
	if (!known)
		return e;
	narrow(q, low - 1, INT64_MAX);
	return bound_time(c, q, 0, last_ms + LOGIN_MS);
}

static enum up_err bound(struct up_sqlite *c, struct query *q)
{
	const struct up_usage_filter *f = q->filter;
	enum up_err e = UP_OK;

	q->low = 0;
	q->high = INT64_MAX;
	if (f->from_ms != 0 || f->to_ms != 0)
		e = bound_time(c, q, q->from_ms, q->to_ms);
	if (e == UP_OK && f->transaction.n > 0)
		e = bound_login(c, q);
	if (f->after_seq > 0 && f->oldest_first && q->low < f->after_seq)
		q->low = f->after_seq;
	if (f->after_seq > 0 && !f->oldest_first && q->high > f->after_seq)
		q->high = f->after_seq;
	return e;
}

/* Up to CHUNK rows from where the query stands; *more: there may be others. */
static enum up_err chunk(struct up_sqlite *c, struct query *q, up_usage_fn fn, void *arg, bool *more)
{
	const struct up_usage_filter *f = q->filter;
	const struct up_sqlite_arg args[] = { up_sqlite_text(q->owner), up_sqlite_int(q->low), up_sqlite_int(q->high) };
	sqlite3_stmt *st;
	bool row = false;
	enum up_err e = up_sqlite_first(c, f->oldest_first ? q->up : q->down, args, UP_ARRAY_LEN(args), &st, &row);

	*more = false;
	for (int visited = 1; e == UP_OK && row; visited++) {
		int64_t seq = sqlite3_column_int64(st, 0);
		struct up_span body = up_sqlite_column(st, 2);

		*(f->oldest_first ? &q->low : &q->high) = seq;
		if (matches(q, sqlite3_column_int64(st, 1), body)) {
			q->stop = fn(arg, seq, body) != 0 || ++q->found == f->limit;
			if (q->stop)
				break;
		}
		*more = visited >= CHUNK && !q->sorted;
		if (*more)
			break;
		e = up_sqlite_next(c, st, &row);
	}
	up_sqlite_end(&st);
	return e;
}

enum up_err up_store_usage(struct up_store *s, const struct up_usage_filter *f, up_usage_fn fn, void *arg)
{
	struct query q = { .filter = f, .from_ms = f->from_ms, .to_ms = f->to_ms != 0 ? f->to_ms : INT64_MAX };
	struct up_sqlite *c;
	bool more = true;
	enum up_err e = up_sqlite_take(s, &c);

	if (e != UP_OK)
		return e;
	e = want_all(&q, f);
	if (e == UP_OK)
		e = choose(c, &q);
	if (e == UP_OK)
		e = bound(c, &q);
	while (e == UP_OK && more && !q.stop)
		e = chunk(c, &q, fn, arg, &more);
	if (e == UP_E_STORE)
		up_sqlite_log(s, 'e', "store: usage query failed", c);
	free_needles(&q);
	up_sqlite_put(s, &c);
	return e;
}
