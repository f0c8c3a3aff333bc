/* SPDX-License-Identifier: Apache-2.0
 * Lists for administration. Their statements are rare, so they are not kept prepared. */
#include "server/store/sqlite.h"

static const char units_sql[] =
    "SELECT u.code, u.name, u.status, a.code, a.name, c.number, c.fields, c.version, c.valid_from_s, c.valid_to_s, p.masked, r.status"
    " FROM unit u JOIN authority a ON a.id = u.authority LEFT JOIN certificate c ON c.unit = u.id AND c.status = 'live'"
    " LEFT JOIN role r ON r.unit = u.id AND r.role = 'principal' AND r.status <> 'ended'"
    " LEFT JOIN holder h ON h.id = r.holder LEFT JOIN person p ON p.id = h.person"
    " WHERE ?1 = '' OR u.code = ?1 ORDER BY u.code";

static const char authorities_sql[] = "SELECT code, name FROM authority ORDER BY code";

/* SQL with at most one parameter, KEY; STEP gets each row. */
static enum up_err each(struct up_store *s, const char *sql, struct up_span key, int (*step)(sqlite3_stmt *, void *), void *arg)
{
	sqlite3_stmt *st = NULL;
	struct up_sqlite *c;
	int rc = SQLITE_DONE;
	enum up_err e = up_sqlite_take(s, &c);

	if (e != UP_OK)
		return e;
	if (sqlite3_prepare_v2(c->db, sql, -1, &st, NULL) != SQLITE_OK)
		e = UP_E_STORE;
	if (e == UP_OK && sqlite3_bind_parameter_count(st) == 1 &&
	    sqlite3_bind_text(st, 1, key.n > 0 ? (const char *)key.p : "", (int)key.n, SQLITE_STATIC) != SQLITE_OK)
		e = UP_E_STORE;
	while (e == UP_OK && (rc = sqlite3_step(st)) == SQLITE_ROW)
		if (step(st, arg) != 0) {
			rc = SQLITE_DONE;
			break;
		}
	if (e == UP_OK && rc != SQLITE_DONE)
		e = UP_E_STORE;
	if (e == UP_E_STORE)
		up_sqlite_log(s, 'e', "store: list failed", c);
	sqlite3_finalize(st);
	up_sqlite_put(s, &c);
	return e;
}

struct units { up_unit_fn fn; void *arg; };

static int unit(sqlite3_stmt *st, void *arg)
{
	const struct units *u = arg;
	const struct up_unit_view v = {
		.code = up_sqlite_column(st, 0), .name = up_sqlite_column(st, 1), .status = up_sqlite_column(st, 2),
		.authority = up_sqlite_column(st, 3), .authority_name = up_sqlite_column(st, 4),
		.certificate = up_sqlite_column(st, 5), .fields = up_sqlite_column(st, 6), .certificate_version = sqlite3_column_int64(st, 7),
		.valid_from_s = sqlite3_column_int64(st, 8), .valid_to_s = sqlite3_column_int64(st, 9),
		.principal = up_sqlite_column(st, 10), .principal_status = up_sqlite_column(st, 11),
	};

	return u->fn(u->arg, &v);
}

enum up_err up_store_units(struct up_store *s, struct up_span code, up_unit_fn fn, void *arg)
{
	struct units u = { fn, arg };

	return each(s, units_sql, code, unit, &u);
}

struct authorities { up_authority_fn fn; void *arg; };

static int authority(sqlite3_stmt *st, void *arg)
{
	const struct authorities *a = arg;

	return a->fn(a->arg, up_sqlite_column(st, 0), up_sqlite_column(st, 1));
}

enum up_err up_store_authorities(struct up_store *s, up_authority_fn fn, void *arg)
{
	struct authorities a = { fn, arg };

	return each(s, authorities_sql, (struct up_span){ NULL, 0 }, authority, &a);
}
