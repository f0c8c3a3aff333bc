/* SPDX-License-Identifier: Apache-2.0
 * Lists for administration. Their statements are rare, so they are not kept prepared. */
#include "core/password.h"
#include "server/store/sqlite.h"

static const char units_sql[] =
    "SELECT u.code, u.name, u.status, a.code, a.name, c.number, c.fields, c.version, c.valid_from_s, c.valid_to_s, p.masked, r.status"
    " FROM unit u JOIN authority a ON a.id = u.authority LEFT JOIN certificate c ON c.unit = u.id AND c.status = 'live'"
    " LEFT JOIN role r ON r.unit = u.id AND r.role = 'principal' AND r.status <> 'ended'"
    " LEFT JOIN holder h ON h.id = r.holder LEFT JOIN person p ON p.id = h.person"
    " WHERE ?1 = '' OR u.code = ?1 ORDER BY u.code";

static const char authorities_sql[] = "SELECT code, name FROM authority ORDER BY code";

/* The units of a phone's roles, as text; empty parameters do not filter. */
static const char devices_sql[] =
    "SELECT d.ref, d.name, d.status, p.ref, p.masked, d.errors, d.created_ms, d.ended_ms, (SELECT "
    "group_concat(code, ' ') FROM"
    " (SELECT u.code FROM role r JOIN unit u ON u.id = r.unit WHERE r.device = d.id AND r.status "
    "<> 'ended' ORDER BY u.code))"
    " FROM device d JOIN person p ON p.id = d.person WHERE (?1 = '' OR d.ref = ?1) AND (?2 = '' OR "
    "p.ref = ?2)"
    " AND (?3 = '' OR EXISTS (SELECT 1 FROM role r JOIN unit u ON u.id = r.unit WHERE r.device = "
    "d.id AND r.status <> 'ended' AND u.code = ?3))"
    " AND (?4 <> '' OR d.status = 'live') ORDER BY d.id";

/* SQL with the text parameters KEYS; STEP gets each row. */
static enum up_err each(struct up_store *s, const char *sql, const struct up_span *keys, int n,
    int (*step)(sqlite3_stmt *, void *), void *arg)
{
	sqlite3_stmt *st = NULL;
	struct up_sqlite *c;
	int rc = SQLITE_DONE;
	enum up_err e = up_sqlite_take(s, &c);

	if (e != UP_OK)
		return e;
	if (sqlite3_prepare_v2(c->db, sql, -1, &st, NULL) != SQLITE_OK)
		e = UP_E_STORE;
	for (int i = 0; e == UP_OK && i < n; i++)
		if (sqlite3_bind_text(st, i + 1, keys[i].n > 0 ? (const char *)keys[i].p : "",
			(int)keys[i].n, SQLITE_STATIC) != SQLITE_OK)
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

	return each(s, units_sql, &code, 1, unit, &u);
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

	return each(s, authorities_sql, NULL, 0, authority, &a);
}

struct devices { up_device_fn fn; void *arg; };

static int device(sqlite3_stmt *st, void *arg)
{
	const struct devices *d = arg;
	const struct up_device_view v = {
	    .ref = up_sqlite_column(st, 0),
	    .name = up_sqlite_column(st, 1),
	    .status = up_sqlite_column(st, 2),
	    .person_ref = up_sqlite_column(st, 3),
	    .person = up_sqlite_column(st, 4),
	    .locked = sqlite3_column_int(st, 5) >= UP_PASSWORD_ERRORS_MAX,
	    .created_ms = sqlite3_column_int64(st, 6),
	    .ended_ms = sqlite3_column_int64(st, 7),
	    .units = up_sqlite_column(st, 8),
	};

	return d->fn(d->arg, &v);
}

enum up_err up_store_devices(
    struct up_store *s, const struct up_device_filter *f, up_device_fn fn, void *arg)
{
	const struct up_span keys[] = {
	    f->ref, f->person_ref, f->unit, up_span_str(f->ended_too ? "all" : "")};
	struct devices d = { fn, arg };

	return each(s, devices_sql, keys, UP_ARRAY_LEN(keys), device, &d);
}

enum up_err up_store_known(struct up_store *s, enum up_known kind, struct up_span key, bool *known)
{
	static const enum up_sql statements[] = {[UP_KNOWN_UNIT] = UP_SQL_UNIT,
	    [UP_KNOWN_PERSON] = UP_SQL_PERSON_KNOWN,
	    [UP_KNOWN_CLIENT] = UP_SQL_CLIENT,
	    [UP_KNOWN_ITEM] = UP_SQL_ITEM};
	const struct up_sqlite_arg arg = up_sqlite_text(key);
	sqlite3_stmt *st;
	struct up_sqlite *c;
	enum up_err e = up_sqlite_take(s, &c);

	*known = false;
	if (e != UP_OK)
		return e;
	e = up_sqlite_first(c, statements[kind], &arg, 1, &st, known);
	up_sqlite_end(&st);
	up_sqlite_put(s, &c);
	return e;
}

enum up_err up_store_clients_version(struct up_store *s, int64_t *version)
{
	sqlite3_stmt *st;
	struct up_sqlite *c;
	bool row;
	enum up_err e = up_sqlite_take(s, &c);

	*version = 0;
	if (e != UP_OK)
		return e;
	e = up_sqlite_first(c, UP_SQL_CLIENTS_VERSION, NULL, 0, &st, &row);
	if (e == UP_OK && row)
		*version = sqlite3_column_int64(st, 0);
	up_sqlite_end(&st);
	up_sqlite_put(s, &c);
	return e;
}
