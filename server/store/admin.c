/* SPDX-License-Identifier: Apache-2.0
 * What unitpassctl puts in: authorities, units with their certificates, clients, items. */
#include <string.h>

#include "server/store/sqlite.h"

/* Is there a row? *ID (may be NULL) is its first column. */
static enum up_err exists(struct up_sqlite *c, enum up_sql id, struct up_span key, bool *found, int64_t *number)
{
	const struct up_sqlite_arg arg = up_sqlite_text(key);
	sqlite3_stmt *st;
	enum up_err e = up_sqlite_first(c, id, &arg, 1, &st, found);

	if (e == UP_OK && *found && number != NULL)
		*number = sqlite3_column_int64(st, 0);
	up_sqlite_end(&st);
	return e;
}

/* --- units ---------------------------------------------------------------------------------------------------------------------- */

struct units { const struct up_unit_row *rows; size_t n; int64_t now_ms; size_t added, bad; };

static bool same_unit(sqlite3_stmt *st, const struct up_unit_row *r)
{
	return sqlite3_column_int(st, 1) != 0 && up_span_eq(up_sqlite_column(st, 2), r->name) && up_span_eq(up_sqlite_column(st, 3), r->authority) &&
	    up_span_eq(up_sqlite_column(st, 4), r->certificate) && up_span_eq(up_sqlite_column(st, 6), r->fields) &&
	    sqlite3_column_int64(st, 7) == r->valid_from_s && sqlite3_column_int64(st, 8) == r->valid_to_s;
}

static enum up_err add_unit(struct up_sqlite *c, const struct up_unit_row *r, int64_t now_ms)
{
	int64_t authority = 0;
	bool known, taken;
	enum up_err e = exists(c, UP_SQL_AUTHORITY, r->authority, &known, &authority);

	if (e == UP_OK && !known)
		return UP_E_NOT_FOUND;
	if (e == UP_OK)
		e = exists(c, UP_SQL_CERTIFICATE_TAKEN, r->certificate, &taken, NULL);
	if (e == UP_OK && taken)
		return UP_E_STATE;
	if (e != UP_OK)
		return e;

	const struct up_sqlite_arg unit[] = { up_sqlite_text(r->code), up_sqlite_text(r->name), up_sqlite_int(authority), up_sqlite_int(now_ms) };

	e = up_sqlite_run_one(c, UP_SQL_UNIT_ADD, unit, UP_ARRAY_LEN(unit));
	if (e != UP_OK)
		return e;

	const struct up_sqlite_arg certificate[] = {
		up_sqlite_int(sqlite3_last_insert_rowid(c->db)), up_sqlite_text(r->certificate), up_sqlite_int(r->valid_from_s),
		up_sqlite_int(r->valid_to_s), up_sqlite_text(r->fields), up_sqlite_int(now_ms),
	};

	return up_sqlite_run_one(c, UP_SQL_CERTIFICATE_ADD, certificate, UP_ARRAY_LEN(certificate));
}

static enum up_err put_unit(struct up_sqlite *c, const struct up_unit_row *r, int64_t now_ms, size_t *added)
{
	const struct up_sqlite_arg arg = up_sqlite_text(r->code);
	sqlite3_stmt *st;
	bool row, same;
	enum up_err e;

	if (r->code.n == 0 || r->name.n == 0 || r->certificate.n == 0)
		return UP_E_FORMAT;
	if (r->valid_from_s > r->valid_to_s)
		return UP_E_RANGE;
	e = up_sqlite_first(c, UP_SQL_UNIT, &arg, 1, &st, &row);
	same = e == UP_OK && row && same_unit(st, r);
	up_sqlite_end(&st);
	if (e != UP_OK || same)
		return e;
	if (row)
		return UP_E_STATE;
	e = add_unit(c, r, now_ms);
	*added += e == UP_OK;
	return e;
}

static enum up_err put_units(struct up_sqlite *c, void *arg)
{
	struct units *u = arg;
	enum up_err e = UP_OK;

	for (size_t i = 0; e == UP_OK && i < u->n; i++) {
		u->bad = i;
		e = put_unit(c, &u->rows[i], u->now_ms, &u->added);
	}
	return e;
}

enum up_err up_store_units_put(struct up_store *s, const struct up_unit_row *rows, size_t n, int64_t now_ms, size_t *added, size_t *bad)
{
	struct units u = { .rows = rows, .n = n, .now_ms = now_ms };
	enum up_err e = up_sqlite_write(s, put_units, &u);

	*added = e == UP_OK ? u.added : 0;
	*bad = u.bad;
	return e;
}

/* --- authorities, clients, items --------------------------------------------------------------------------------------------------- */

struct named_row { struct up_span code, name, client; int64_t now_ms; };

static enum up_err put_authority(struct up_sqlite *c, void *arg)
{
	const struct named_row *r = arg;
	const struct up_sqlite_arg args[] = { up_sqlite_text(r->code), up_sqlite_text(r->name), up_sqlite_int(r->now_ms) };

	return up_sqlite_run_one(c, UP_SQL_AUTHORITY_PUT, args, UP_ARRAY_LEN(args));
}

enum up_err up_store_authority_put(struct up_store *s, struct up_span code, struct up_span name, int64_t now_ms)
{
	struct named_row r = { .code = code, .name = name, .now_ms = now_ms };

	return up_sqlite_write(s, put_authority, &r);
}

static enum up_err put_item(struct up_sqlite *c, void *arg)
{
	const struct named_row *r = arg;
	int64_t client = 0;
	bool known, taken;
	enum up_err e = exists(c, UP_SQL_CLIENT, r->client, &known, &client);

	if (e == UP_OK && !known)
		return UP_E_CLIENT;
	if (e == UP_OK)
		e = exists(c, UP_SQL_ITEM, r->code, &taken, NULL);
	if (e == UP_OK && taken)
		return UP_E_STATE;
	if (e != UP_OK)
		return e;

	const struct up_sqlite_arg args[] = { up_sqlite_text(r->code), up_sqlite_text(r->name), up_sqlite_int(client), up_sqlite_int(r->now_ms) };

	return up_sqlite_run_one(c, UP_SQL_ITEM_ADD, args, UP_ARRAY_LEN(args));
}

enum up_err up_store_item_put(struct up_store *s, struct up_span code, struct up_span name, struct up_span client, int64_t now_ms)
{
	struct named_row r = { .code = code, .name = name, .client = client, .now_ms = now_ms };

	return up_sqlite_write(s, put_item, &r);
}

struct client_row { const struct up_client *client; int64_t now_ms; };

static struct up_sqlite_arg secret_of(const struct up_client *client)
{
	return client->has_secret ? up_sqlite_blob(client->secret_hash, sizeof(client->secret_hash)) : up_sqlite_optional(up_span_str(NULL));
}

static enum up_err put_client(struct up_sqlite *c, void *arg)
{
	const struct client_row *r = arg;
	const struct up_client *client = r->client;
	bool taken;
	enum up_err e = exists(c, UP_SQL_CLIENT, up_span_str(client->id), &taken, NULL);

	if (e != UP_OK || taken)
		return taken ? UP_E_STATE : e;

	const struct up_sqlite_arg args[] = {
		up_sqlite_text(up_span_str(client->id)), up_sqlite_text(up_span_str(client->name)), up_sqlite_text(up_span_str(client->origin)),
		up_sqlite_int(client->is_static), secret_of(client), up_sqlite_optional(up_span_str(client->jwks)), up_sqlite_int(r->now_ms),
	};

	return up_sqlite_run_one(c, UP_SQL_CLIENT_ADD, args, UP_ARRAY_LEN(args));
}

enum up_err up_store_client_put(struct up_store *s, const struct up_client *client, int64_t now_ms)
{
	struct client_row r = { client, now_ms };

	return up_sqlite_write(s, put_client, &r);
}

static enum up_err rotate_client(struct up_sqlite *c, void *arg)
{
	const struct up_client *client = arg;
	const struct up_sqlite_arg args[] = { up_sqlite_text(up_span_str(client->id)), secret_of(client), up_sqlite_optional(up_span_str(client->jwks)) };
	bool known;
	enum up_err e = exists(c, UP_SQL_CLIENT, up_span_str(client->id), &known, NULL);

	if (e != UP_OK || !known)
		return e != UP_OK ? e : UP_E_NOT_FOUND;
	return up_sqlite_run_one(c, UP_SQL_CLIENT_ROTATE, args, UP_ARRAY_LEN(args));
}

enum up_err up_store_client_rotate(struct up_store *s, const struct up_client *client)
{
	struct up_client copy = *client;

	return up_sqlite_write(s, rotate_client, &copy);
}
