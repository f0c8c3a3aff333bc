/* SPDX-License-Identifier: Apache-2.0
 * PostgreSQL: statements, their parameters and rows in binary, and what went wrong. */
#include "server/db/postgres.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/db/schema.h"

#define PENDING_MAX 64 /* bits of must_change */
/* pg_type.dat */
enum { BOOL = 16, BYTEA = 17, INT8 = 20, INT2 = 21, INT4 = 23, TEXT = 25, VARCHAR = 1043 };

static struct up_postgres *own(struct up_db *head)
{
	return (struct up_postgres *)head;
}

/* --- what went wrong --- */

/* Classes of SQLSTATE, or one state; the first that fits. What is not here is UP_DB_OTHER. A lock
 * or a time limit stands for a server that has no time: others would wait as long. */
static const struct { const char *state; enum up_db_trouble trouble; } troubles[] = {
	{ "40003", UP_DB_DOWN },         /* statement_completion_unknown */
	{ "40", UP_DB_RETRY },           /* serialization_failure, deadlock_detected */
	{ "23", UP_DB_CONSTRAINT },
	{ "P0001", UP_DB_CONSTRAINT },   /* raise_exception: a trigger refused */
	{ "08", UP_DB_DOWN },            /* connection */
	{ "25P03", UP_DB_DOWN },         /* idle_in_transaction_session_timeout */
	{ "25006", UP_DB_DOWN },         /* read_only_sql_transaction: a standby */
	{ "28", UP_DB_DOWN },            /* authorization */
	{ "53", UP_DB_DOWN },            /* disk full, out of memory, too many connections */
	{ "55P03", UP_DB_DOWN },         /* lock_not_available */
	{ "57", UP_DB_DOWN },            /* shutdown, crash, time limit, starting up */
	{ "58", UP_DB_DOWN },            /* input and output */
	{ "F0", UP_DB_DOWN },
	{ "XX", UP_DB_DOWN },            /* corruption */
};

static enum up_db_trouble trouble_of(const char *state)
{
	for (size_t i = 0; i < UP_ARRAY_LEN(troubles); i++)
		if (strncmp(state, troubles[i].state, strlen(troubles[i].state)) == 0)
			return troubles[i].trouble;
	return UP_DB_OTHER;
}

enum up_err up_postgres_failed(struct up_postgres *p, const PGresult *r)
{
	const char *state = r != NULL ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;
	const char *message = r != NULL ? PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY) : NULL;
	char line[sizeof(p->head.message)];

	if (message == NULL)
		message = p->conn != NULL ? PQerrorMessage(p->conn) : "there is no connection";
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(message, "\n"), message);
	if (state != NULL)
		return up_db_failed(&p->head, trouble_of(state), state, line);
	return up_db_failed(
	    &p->head, up_postgres_is_cut(p) ? UP_DB_DOWN : UP_DB_OTHER, "08006", line);
}

static bool is_good(const PGresult *r)
{
	ExecStatusType status = PQresultStatus(r);       /* takes NULL */

	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

/* --- numbers as the wire has them --- */

void up_postgres_put64(uint8_t out[8], int64_t v)
{
	const uint64_t wire = htobe64((uint64_t)v);

	memcpy(out, &wire, 8);
}

/* In a column of a result in binary; 0 for NULL. */
static int64_t number_of(const PGresult *r, int row, int column)
{
	const uint8_t *p = (const uint8_t *)PQgetvalue(r, row, column);
	int n = PQgetlength(r, row, column);
	int64_t v = n > 0 && PQftype(r, column) != BOOL ? (int8_t)p[0] : 0;

	if (n > 0 && PQftype(r, column) == BOOL)
		return p[0] != 0;
	for (int i = 1; i < n; i++)
		v = (int64_t)((uint64_t)v << 8 | p[i]);
	return v;
}

/* --- statements --- */

enum up_err up_postgres_exec(struct up_postgres *p, const char *sql, PGresult **out)
{
	PGresult *r = PQexec(p->conn, sql);
	enum up_err err = is_good(r) ? UP_OK : up_postgres_failed(p, r);

	if (out != NULL && err == UP_OK)
		*out = r;
	else
		PQclear(r);
	return err;
}

/* Parameters are ?1 in our texts, $1 in PostgreSQL's. */
static void put_text(struct up_buf *b, const char *text)
{
	bool quoted = false;

	for (; *text != '\0'; text++) {
		quoted ^= *text == '\'';
		up_buf_put_char(b, *text == '?' && !quoted ? '$' : *text);
	}
}

static enum up_err prepare(struct up_postgres *p, struct up_postgres_rows *rows)
{
	unsigned id = (unsigned)(rows - p->rows);
	struct up_buf text = { 0 };
	char name[16];
	PGresult *r;

	snprintf(name, sizeof(name), "s%u", id);
	put_text(&text, p->head.texts[id]);
	if (up_buf_cstr(&text) == NULL) {
		up_buf_free(&text);
		return up_db_fail(&p->head, UP_DB_OTHER, "no memory");
	}
	r = PQprepare(p->conn, name, up_buf_cstr(&text), rows->n_args, rows->types);
	up_buf_free(&text);
	rows->is_prepared = is_good(r);
	if (!rows->is_prepared)
		(void)up_postgres_failed(p, r);
	PQclear(r);
	return rows->is_prepared ? UP_OK : UP_E_STORE;
}

/* Are its columns of types that can be read? A sum of numbers, say, is no number of 64 bits. */
static enum up_err check_columns(struct up_postgres *p, struct up_postgres_rows *rows)
{
	static const Oid known[] = { BOOL, BYTEA, INT8, INT2, INT4, TEXT, VARCHAR };

	for (int i = 0; i < PQnfields(rows->result); i++) {
		Oid type = PQftype(rows->result, i);
		size_t k = 0;

		while (k < UP_ARRAY_LEN(known) && known[k] != type)
			k++;
		if (k == UP_ARRAY_LEN(known))
			return up_db_fail(&p->head, UP_DB_OTHER, "column %d has type %u: %.80s", i,
			    type, p->head.texts[rows - p->rows]);
	}
	rows->is_checked = true;
	return UP_OK;
}

/* Many statements of a transaction need no answer before the next: their results come with that of
 * the first one that does, in one round trip. */
static bool send(struct up_postgres *p, struct up_postgres_rows *rows)
{
	static const int binary[UP_POSTGRES_ARGS] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
		1 };
	char name[16];

	snprintf(name, sizeof(name), "s%u", (unsigned)(rows - p->rows));
	return PQsendQueryPrepared(
	    p->conn, name, rows->n_args, rows->values, rows->lengths, binary, 1) == 1;
}

/* The result of the next statement; NULL: there will be none. In pipeline mode each ends with NULL,
 * and the end of the pipeline is a result of its own. */
static PGresult *take(struct up_postgres *p)
{
	PGresult *first = PQgetResult(p->conn), *r = first;

	/* of a connection that ends there may be several */
	while (r != NULL && (r = PQgetResult(p->conn)) != NULL)
		PQclear(r);
	return first;
}

static enum up_err check_pending(struct up_postgres *p, unsigned i)
{
	PGresult *r = take(p);
	enum up_err err = UP_OK;

	if (!is_good(r))
		err = up_postgres_failed(p, r);
	else if ((p->must_change >> i & 1) != 0 && strcmp(PQcmdTuples(r), "1") != 0)
		err = up_db_fail(&p->head, UP_DB_OTHER, "%s rows changed instead of one",
		    PQcmdTuples(r));
	PQclear(r);
	return err;
}

/* Send ROWS (unless it is NULL) behind what is pending, and take all results. */
static enum up_err settle(struct up_postgres *p, struct up_postgres_rows *rows)
{
	enum up_err err = UP_OK;
	PGresult *end;
	bool sent = (rows == NULL || send(p, rows)) && PQpipelineSync(p->conn) == 1;

	if (!sent)
		err = up_postgres_failed(p, NULL);
	for (unsigned i = 0; sent && i < p->n_pending; i++) {
		if (err == UP_OK)
			err = check_pending(p, i);
		else                     /* given up by the server */
			PQclear(take(p));
	}
	if (sent && rows != NULL)
		rows->result = take(p);
	if (err == UP_OK && rows != NULL && !is_good(rows->result))
		err = up_postgres_failed(p, rows->result);
	end = sent ? PQgetResult(p->conn) : NULL;
	PQclear(end);
	p->n_pending = 0;
	p->must_change = 0;
	if (PQexitPipelineMode(p->conn) == 1)
		return err;
	if (err == UP_OK)
		err = up_postgres_failed(p, NULL);
	up_postgres_drop(p);
	return err;
}

enum up_err up_postgres_settle(struct up_postgres *p)
{
	return p->n_pending > 0 ? settle(p, NULL) : UP_OK;
}

/* The result of ROWS alone. */
static enum up_err exchange(struct up_postgres *p, struct up_postgres_rows *rows)
{
	if (send(p, rows))
		rows->result = take(p);
	return is_good(rows->result) ? UP_OK : up_postgres_failed(p, rows->result);
}

static enum up_err prepared(struct up_postgres *p, struct up_postgres_rows *rows)
{
	enum up_err err;

	if (rows->is_prepared)
		return UP_OK;
	err = up_postgres_settle(p);
	return err == UP_OK ? prepare(p, rows) : err;
}

static enum up_err run(struct up_postgres *p, struct up_postgres_rows *rows)
{
	enum up_err err = prepared(p, rows);

	if (err == UP_OK)
		err = p->n_pending > 0 ? settle(p, rows) : exchange(p, rows);
	if (err != UP_OK)
		return err;
	rows->n = PQntuples(rows->result);
	return rows->is_checked ? UP_OK : check_columns(p, rows);
}

/* A reading that the loss of a connection hit is made once more, on a new one. */
static enum up_err run_anew(struct up_postgres *p, struct up_postgres_rows *rows)
{
	int tries = p->is_reader && !p->in_transaction ? 2 : 1;
	enum up_err err;

	do {
		if (p->in_transaction && up_postgres_is_cut(p))
			return up_db_failed(&p->head, UP_DB_DOWN, "08006",
			    "the connection was cut inside the transaction");
		err = up_postgres_connect(p);
		if (err != UP_OK)
			return err;
		PQclear(rows->result);
		rows->result = NULL;
		err = run(p, rows);
	} while (err != UP_OK && up_postgres_is_cut(p) && --tries > 0);
	return err;
}

static void bind(struct up_postgres_rows *rows, int i, const struct up_db_arg *a)
{
	static const Oid types[] = {
		[UP_DB_INT] = INT8, [UP_DB_TEXT] = TEXT, [UP_DB_BLOB] = BYTEA
	};

	rows->types[i] = types[a->type];
	if (a->type == UP_DB_INT) {
		up_postgres_put64(rows->numbers[i], a->i);
		rows->values[i] = (const char *)rows->numbers[i];
		rows->lengths[i] = 8;
	} else {
		/* a NULL pointer would be NULL: empty text is not */
		rows->values[i] = a->s.n > 0 ? (const char *)a->s.p : "";
		rows->lengths[i] = (int)a->s.n;
	}
	if (a->is_null)
		rows->values[i] = NULL;
}

static enum up_err start(struct up_db *head, unsigned id, const struct up_db_arg *args, size_t n,
    struct up_db_rows **out)
{
	struct up_postgres_rows *rows = &own(head)->rows[id];

	if (n > UP_POSTGRES_ARGS)
		return up_db_fail(head, UP_DB_OTHER, "%zu parameters: %.80s", n, head->texts[id]);
	rows->head.db = head;
	rows->n_args = (int)n;
	for (size_t i = 0; i < n; i++)
		bind(rows, (int)i, &args[i]);
	rows->at = -1;
	*out = &rows->head;
	return UP_OK;
}

static struct up_postgres_rows *rows_of(const struct up_db_rows *head)
{
	return (struct up_postgres_rows *)(uintptr_t)head;
}

static enum up_err next(struct up_db_rows *head, bool *row)
{
	struct up_postgres_rows *rows = rows_of(head);

	if (rows->at < 0) {
		enum up_err err = run_anew(own(head->db), rows);

		if (err != UP_OK)
			return err;
	}
	*row = ++rows->at < rows->n;
	return UP_OK;
}

static int64_t changed(const struct up_db_rows *head)
{
	return strtoll(PQcmdTuples(rows_of(head)->result), NULL, 10);
}

static void end(struct up_db_rows *head)
{
	struct up_postgres_rows *rows = rows_of(head);

	PQclear(rows->result);
	rows->result = NULL;
	rows->n = 0;
}

static int64_t column_int(const struct up_db_rows *head, int column)
{
	return number_of(rows_of(head)->result, rows_of(head)->at, column);
}

static bool column_null(const struct up_db_rows *head, int column)
{
	return PQgetisnull(rows_of(head)->result, rows_of(head)->at, column);
}

static struct up_span column(const struct up_db_rows *head, int column)
{
	const struct up_postgres_rows *rows = rows_of(head);

	return up_span_of(PQgetvalue(rows->result, rows->at, column),
	    (size_t)PQgetlength(rows->result, rows->at, column));
}

/* --- statements that nobody waits for --- */

static enum up_err now(struct up_db *head, unsigned id, const struct up_db_arg *args, size_t n,
    bool one)
{
	struct up_db_rows *rows = NULL;
	bool row;
	enum up_err err = start(head, id, args, n, &rows);

	if (err == UP_OK)
		err = next(rows, &row);
	if (err == UP_OK && one && changed(rows) != 1)
		err = up_db_fail(head, UP_DB_OTHER, "%lld rows changed instead of one: %.80s",
		    (long long)changed(rows), head->texts[id]);
	if (rows != NULL)
		end(rows);
	return err;
}

/* Sent, or kept until the next one is: libpq sends when it has much. */
static enum up_err queue(struct up_postgres *p, struct up_postgres_rows *rows, bool one)
{
	enum up_err err = prepared(p, rows);

	if (err != UP_OK)
		return err;
	if (p->n_pending == 0 && PQenterPipelineMode(p->conn) != 1)
		return up_postgres_failed(p, NULL);
	p->must_change |= (uint64_t)one << p->n_pending++;
	if (send(p, rows))
		return p->n_pending < PENDING_MAX ? UP_OK : up_postgres_settle(p);
	p->n_pending--;
	return up_postgres_failed(p, NULL);
}

static enum up_err later(struct up_db *head, unsigned id, const struct up_db_arg *args, size_t n,
    bool one)
{
	struct up_postgres *p = own(head);
	struct up_db_rows *rows;
	enum up_err err;

	if (!p->in_transaction || up_postgres_is_cut(p))
		return now(head, id, args, n, one);
	err = start(head, id, args, n, &rows);
	return err == UP_OK ? queue(p, rows_of(rows), one) : err;
}

/* --- texts that are not kept --- */

static enum up_err connected(struct up_postgres *p)
{
	return p->in_transaction ? up_postgres_settle(p) : up_postgres_connect(p);
}

/* A step of the schema may take its time: an index over millions of records. */
static enum up_err script(struct up_db *head, const char *sql)
{
	struct up_postgres *p = own(head);
	enum up_err err = connected(p);

	if (err == UP_OK && p->in_transaction)
		err = up_postgres_exec(p, "SET LOCAL statement_timeout = 0", NULL);
	return err == UP_OK ? up_postgres_exec(p, sql, NULL) : err;
}

static enum up_err number(struct up_db *head, const char *sql, int64_t *out)
{
	struct up_postgres *p = own(head);
	enum up_err err = connected(p);
	PGresult *r;

	if (err != UP_OK)
		return err;
	r = PQexecParams(p->conn, sql, 0, NULL, NULL, NULL, NULL, 1);
	if (!is_good(r))
		err = up_postgres_failed(p, r);
	else if (PQntuples(r) > 0 && PQnfields(r) > 0)
		*out = number_of(r, 0, 0);
	PQclear(r);
	return err;
}

/* What extensions put there is nobody's. */
static enum up_err identify(struct up_db *head, bool *empty, bool *ours)
{
	int64_t relations, marked;
	enum up_err err = number(head,
	    "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
	    " WHERE n.nspname = current_schema() AND NOT EXISTS (SELECT 1 FROM pg_depend d"
	    " WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')",
	    &relations);

	if (err == UP_OK)
		err = number(head,
		    "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
		    " WHERE n.nspname = current_schema() AND c.relname = 'schema_version'"
		    " AND obj_description(c.oid, 'pg_class') = '" UP_SCHEMA_POSTGRES_MARK "'",
		    &marked);
	*empty = err == UP_OK && relations == 0;
	*ours = err == UP_OK && marked == 1;
	return err;
}

const struct up_db_engine up_db_postgres = {
	.name = "postgresql",
	.schema = &up_schema_postgres,
	.uri_wrong = up_postgres_uri_wrong,
	.uri_has_secret = up_postgres_uri_has_secret,
	.uri_show = up_postgres_uri_show,
	.open = up_postgres_open,
	.close = up_postgres_close,
	.start = start,
	.next = next,
	.changed = changed,
	.later = later,
	.end = end,
	.column_int = column_int,
	.column_null = column_null,
	.column = column,
	.begin = up_postgres_begin,
	.commit = up_postgres_commit,
	.rollback = up_postgres_rollback,
	.set_patience = up_postgres_set_patience,
	.script = script,
	.number = number,
	.identify = identify,
};
