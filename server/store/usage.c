/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE 1                    /* memmem */
#include "server/store/usage.h"

#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/json_put.h"
#include "server/store/rows.h"

/* Records read in one go before the database is let go: a long read keeps the write-ahead log from
 * being reused. */
#define CHUNK 4096
#define CHUNK_LEAST 16
/* A transaction is over long before (SECURITY 4: five minutes and two). */
#define LOGIN_MS (20 * 60 * 1000)

/* What follows a scan (or an expiry) of its transaction within LOGIN_MS needs no index entry of its
 * own: two of three records of a login. */
static bool follows(struct up_span event)
{
	return up_span_eq_str(event, "login.approve") || up_span_eq_str(event, "login.deny") ||
	    up_span_eq_str(event, "login.redeem");
}

enum up_err up_usage_begin(struct up_tx *tx)
{
	struct up_db_rows *rows;
	bool row;
	enum up_err err = up_db_first(tx->db, UP_SQL_USAGE_LAST, NULL, 0, &rows, &row);

	tx->last_seq = tx->last_ms = 0;
	if (err == UP_OK && row) {
		tx->last_seq = up_db_column_int(rows, 0);
		tx->last_ms = up_db_column_int(rows, 1);
	}
	up_db_end(&rows);
	tx->block.dirty = false;
	return err;
}

enum up_err up_usage_flush(struct up_tx *tx)
{
	const struct up_db_arg args[] = {up_db_int(tx->block.number), up_db_int(tx->block.first_ms),
	    up_db_int(tx->block.last_ms)};

	if (!tx->block.dirty)
		return UP_OK;
	tx->block.dirty = false;
	return up_db_run_one(tx->db, UP_SQL_USAGE_BLOCK, args, UP_ARRAY_LEN(args));
}

static enum up_err note_time(struct up_tx *tx, int64_t seq, int64_t time_ms)
{
	int64_t number = seq >> UP_USAGE_BLOCK_BITS;

	if (tx->block.dirty && tx->block.number != number) {
		enum up_err err = up_usage_flush(tx);

		if (err != UP_OK)
			return err;
	}
	if (!tx->block.dirty) {
		tx->block.number = number;
		tx->block.first_ms = tx->block.last_ms = time_ms;
		tx->block.dirty = true;
	}
	if (time_ms < tx->block.first_ms)
		tx->block.first_ms = time_ms;
	if (time_ms > tx->block.last_ms)
		tx->block.last_ms = time_ms;
	return UP_OK;
}

/* Dates never go back. Jobs that overtook each other differ by moments; what differs by more is
 * told by the record itself. */
static void date(struct up_tx *tx, struct up_record *r)
{
	if (r->time_ms >= tx->last_ms)
		return;
	if (r->time_ms < tx->last_ms - UP_CLOCK_BACK_MS)
		r->clock_ms = r->time_ms;
	r->time_ms = tx->last_ms;
}

enum up_err up_usage_add(struct up_tx *tx, struct up_record *r, uint8_t leaf[32])
{
	enum up_err err;

	/* What has no kind would be shown to nobody whom it concerns. */
	if (up_record_kind(r->event) == UP_RECORD_UNKNOWN)
		return up_db_fail(tx->db, UP_DB_OTHER, "record of the unknown event %.*s",
		    (int)r->event.n, (const char *)r->event.p);
	date(tx, r);
	r->seq = tx->last_seq + 1;
	up_buf_reset(&tx->body);
	err = up_record_put(&tx->body, r);
	/* bad UTF-8 from a caller: such a record cannot be kept, so nothing may happen */
	if (err != UP_OK) {
		return up_db_fail(tx->db, UP_DB_OTHER, "record %s", up_err_name(err));
	}
	const struct up_db_arg args[] = {
	    up_db_int(r->seq),
	    up_db_int(r->time_ms),
	    up_db_optional(r->unit_code.n > 0 ? r->unit_code : r->person_ref),
	    up_db_optional(follows(r->event) ? up_span_str("") : r->transaction),
	    up_db_blob(tx->body.p, tx->body.n),
	};

	err = up_db_run_one(tx->db, UP_SQL_USAGE_ADD, args, UP_ARRAY_LEN(args));
	if (err == UP_OK)
		err = note_time(tx, r->seq, r->time_ms);
	if (err != UP_OK)
		return err;
	/* A receipt without its hash would be worth nothing: the operation fails. */
	if (up_record_leaf(up_buf_span(&tx->body), leaf) != UP_OK)
		return up_db_fail(tx->db, UP_DB_OTHER, "record without a leaf hash");
	tx->last_seq = r->seq;
	tx->last_ms = r->time_ms;
	return UP_OK;
}

/* --- queries --- */

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
	int64_t chunk; /* rows asked for next */
	/* sorted: the whole answer is computed at the first step; no chunks */
	bool stop, sorted;
};

/* Quotes inside values are escaped, so ,"name":"value" in the bytes can only be the member itself.
 */
static void put_needle(struct up_buf *b, const char *name, struct up_span value)
{
	struct up_json_put j = { .b = b };

	up_json_put_text(&j, name, value);       /* as core/record writes it */
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
	if (q->addresses[0].n > 0 && !has(body, &q->addresses[0]) && !has(body, &q->addresses[1]))
		return false;
	return q->filter->wanted == NULL || q->filter->wanted(q->filter->wanted_arg, body);
}

/* A holder belongs to one unit: its records are among the unit's. */
static enum up_err unit_of_holder(struct up_db *db, struct query *q)
{
	const struct up_db_arg arg = up_db_text(q->filter->holder_ref);
	struct up_db_rows *rows;
	bool row;
	enum up_err err = up_db_first(db, UP_SQL_HOLDER_UNIT, &arg, 1, &rows, &row);

	if (err == UP_OK && row)
		up_rows_copy(rows, 0, q->unit, sizeof(q->unit));
	up_db_end(&rows);
	q->owner = up_span_str(q->unit);
	return err;
}

/* Which index answers with the fewest rows. */
static enum up_err choose(struct up_db *db, struct query *q)
{
	const struct up_usage_filter *f = q->filter;

	q->up = UP_SQL_USAGE_UP;
	q->down = UP_SQL_USAGE_DOWN;
	if (f->unit.n > 0 || f->holder_ref.n > 0) {
		q->up = UP_SQL_USAGE_OWNER_UP;
		q->down = UP_SQL_USAGE_OWNER_DOWN;
		q->owner = f->unit;
		if (f->unit.n == 0)
			return unit_of_holder(db, q);
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
static enum up_err bound_time(struct up_db *db, struct query *q, int64_t from_ms, int64_t to_ms)
{
	const struct up_db_arg args[] = {up_db_int(from_ms), up_db_int(to_ms)};
	struct up_db_rows *rows = NULL;
	bool row;
	enum up_err err = up_db_first(
	    db, UP_SQL_USAGE_BOUNDS, args, UP_ARRAY_LEN(args), &rows, &row);

	if (err == UP_OK && up_db_column_null(rows, 0))
		narrow(q, 0, 0);         /* no record of that time */
	else if (err == UP_OK)
		narrow(q, (up_db_column_int(rows, 0) << UP_USAGE_BLOCK_BITS) - 1,
		    (up_db_column_int(rows, 1) + 1) << UP_USAGE_BLOCK_BITS);
	up_db_end(&rows);
	return err;
}

/* From the first indexed record of the transaction to LOGIN_MS after the last. Without an indexed
 * record everything is looked through. */
static enum up_err bound_login(struct up_db *db, struct query *q)
{
	const struct up_db_arg arg = up_db_text(q->filter->transaction);
	struct up_db_rows *rows = NULL;
	bool row, known;
	int64_t low = 0, last_ms = 0;
	enum up_err err = up_db_first(db, UP_SQL_USAGE_LOGIN, &arg, 1, &rows, &row);

	known = err == UP_OK && !up_db_column_null(rows, 0);
	if (known) {
		low = up_db_column_int(rows, 0);
		last_ms = up_db_column_int(rows, 1);
	}
	up_db_end(&rows);
	if (!known)
		return err;
	narrow(q, low - 1, INT64_MAX);
	return bound_time(db, q, 0, last_ms + LOGIN_MS);
}

static enum up_err bound(struct up_db *db, struct query *q)
{
	const struct up_usage_filter *f = q->filter;
	enum up_err err = UP_OK;

	q->low = 0;
	q->high = INT64_MAX;
	if (f->from_ms != 0 || f->to_ms != 0)
		err = bound_time(db, q, q->from_ms, q->to_ms);
	if (err == UP_OK && f->transaction.n > 0)
		err = bound_login(db, q);
	if (f->after_seq > 0 && f->oldest_first && q->low < f->after_seq)
		q->low = f->after_seq;
	if (f->after_seq > 0 && !f->oldest_first && q->high > f->after_seq)
		q->high = f->after_seq;
	return err;
}

/* Some rows from where the query stands; *more: there may be others. Who wants few gets few at
 * first: an engine may send all that was asked for. */
static enum up_err chunk(struct up_db *db, struct query *q, up_usage_fn fn, void *arg, bool *more)
{
	const struct up_usage_filter *f = q->filter;
	const struct up_db_arg args[] = {up_db_text(q->owner), up_db_int(q->low),
	    up_db_int(q->high), up_db_int(q->sorted ? INT64_MAX : q->chunk)};
	struct up_db_rows *rows;
	bool row = false;
	enum up_err err = up_db_first(
	    db, f->oldest_first ? q->up : q->down, args, UP_ARRAY_LEN(args), &rows, &row);

	*more = false;
	for (int visited = 1; err == UP_OK && row; visited++) {
		int64_t seq = up_db_column_int(rows, 0);
		struct up_span body = up_db_column(rows, 2);

		*(f->oldest_first ? &q->low : &q->high) = seq;
		if (matches(q, up_db_column_int(rows, 1), body)) {
			q->stop = fn(arg, seq, body) != 0 || ++q->found == f->limit;
			if (q->stop)
				break;
		}
		*more = visited >= q->chunk && !q->sorted;
		if (*more)
			break;
		err = up_db_next(rows, &row);
	}
	up_db_end(&rows);
	q->chunk = q->chunk * 4 < CHUNK ? q->chunk * 4 : CHUNK;
	return err;
}

enum up_err up_store_usage(
    struct up_store *s, const struct up_usage_filter *f, up_usage_fn fn, void *arg)
{
	struct query q = {
		.filter = f, .from_ms = f->from_ms, .to_ms = f->to_ms != 0 ? f->to_ms : INT64_MAX
	};
	struct up_db *db;
	bool more = true;
	enum up_err err = up_tx_take(s, &db);

	q.chunk = f->limit <= 0 || f->limit > CHUNK ? CHUNK
		  : f->limit < CHUNK_LEAST          ? CHUNK_LEAST
						    : f->limit;
	if (err != UP_OK)
		return err;
	err = want_all(&q, f);
	if (err == UP_OK)
		err = choose(db, &q);
	if (err == UP_OK)
		err = bound(db, &q);
	while (err == UP_OK && more && !q.stop)
		err = chunk(db, &q, fn, arg, &more);
	if (err == UP_E_STORE)
		up_tx_log(s, 'e', "store: usage query failed", db);
	free_needles(&q);
	up_tx_put(s, &db);
	return err;
}
