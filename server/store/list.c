/* SPDX-License-Identifier: Apache-2.0
 * Lists for administration. */
#include "core/password.h"
#include "server/store/rows.h"
#include "server/store/view.h"

/* Statement ID with ARGS; STEP gets each row, non-zero stops. */
typedef int (*step_fn)(struct up_db *, const struct up_db_rows *, void *arg);
static enum up_err each(struct up_store *s, enum up_sql id, const struct up_db_arg *args, size_t n,
    step_fn step, void *arg)
{
	struct up_tx_read r;
	enum up_err err = up_tx_read(s, id, args, n, &r);

	while (err == UP_OK && r.row && step(r.db, r.rows, arg) == 0)
		err = up_db_next(r.rows, &r.row);
	if (err == UP_E_STORE && r.db != NULL)
		up_tx_log(s, 'e', "store: list failed", r.db);
	up_tx_read_end(&r);
	return err;
}

struct units { up_unit_fn fn; void *arg; };

static int unit(struct up_db *db, const struct up_db_rows *rows, void *arg)
{
	const struct units *u = arg;
	const struct up_unit_view v = {
	    .code = up_db_column(rows, 0),
	    .name = up_db_column(rows, 1),
	    .status = up_db_column(rows, 2),
	    .authority = up_db_column(rows, 3),
	    .authority_name = up_db_column(rows, 4),
	    .certificate = up_db_column(rows, 5),
	    .fields = up_db_column(rows, 6),
	    .certificate_version = up_db_column_int(rows, 7),
	    .valid_from_s = up_db_column_int(rows, 8),
	    .valid_to_s = up_db_column_int(rows, 9),
	    .principal = up_db_column(rows, 10),
	    .principal_status = up_db_column(rows, 11),
	};

	(void)db;
	return u->fn(u->arg, &v);
}

enum up_err up_store_units(struct up_store *s, struct up_span code, up_unit_fn fn, void *arg)
{
	const struct up_db_arg key = up_db_text(code);
	struct units u = { fn, arg };

	if (code.n == 0)
		return each(s, UP_SQL_UNITS, NULL, 0, unit, &u);
	return each(s, UP_SQL_UNITS_OF, &key, 1, unit, &u);
}

enum up_err up_store_units_at(struct up_store *s, struct up_span code,
    const struct up_when *when, up_unit_fn fn, void *arg)
{
	const struct up_db_arg args[] = {
	    up_db_int(when->from_ms), up_db_int(when->to_ms), up_db_text(code)};
	struct units u = { fn, arg };

	if (code.n == 0)
		return each(s, UP_SQL_VIEW_UNITS, args, 2, unit, &u);
	return each(s, UP_SQL_VIEW_UNITS_OF, args, UP_ARRAY_LEN(args), unit, &u);
}

struct authorities { up_authority_fn fn; void *arg; };

static int authority(struct up_db *db, const struct up_db_rows *rows, void *arg)
{
	const struct authorities *a = arg;

	(void)db;
	return a->fn(a->arg, up_db_column(rows, 0), up_db_column(rows, 1));
}

enum up_err up_store_authorities(struct up_store *s, up_authority_fn fn, void *arg)
{
	struct authorities a = { fn, arg };

	return each(s, UP_SQL_AUTHORITIES, NULL, 0, authority, &a);
}

struct devices {
	up_device_fn fn;
	void *arg;
	struct up_buf units;
	enum up_err err;
};

static int device(struct up_db *db, const struct up_db_rows *rows, void *arg)
{
	struct devices *d = arg;
	const struct up_db_arg id = up_db_int(up_db_column_int(rows, 8));

	d->err = up_rows_words(db, UP_SQL_DEVICE_UNITS, id, &d->units);
	if (d->err != UP_OK)
		return 1;

	const struct up_device_view v = {
	    .ref = up_db_column(rows, 0),
	    .name = up_db_column(rows, 1),
	    .status = up_db_column(rows, 2),
	    .person_ref = up_db_column(rows, 3),
	    .person = up_db_column(rows, 4),
	    .locked = up_db_column_int(rows, 5) >= UP_PASSWORD_ERRORS_MAX,
	    .created_ms = up_db_column_int(rows, 6),
	    .ended_ms = up_db_column_int(rows, 7),
	    .units = up_buf_span(&d->units),
	};

	return d->fn(d->arg, &v);
}

static enum up_sql devices_of(const struct up_device_filter *f)
{
	if (f->ref.n > 0)
		return UP_SQL_DEVICES_OF_REF;
	if (f->person_ref.n > 0)
		return UP_SQL_DEVICES_OF_PERSON;
	return f->unit.n > 0 ? UP_SQL_DEVICES_OF_UNIT : UP_SQL_DEVICES;
}

enum up_err up_store_devices(
    struct up_store *s, const struct up_device_filter *f, up_device_fn fn, void *arg)
{
	const bool now = !f->ended_too && f->to_ms == 0;
	const struct up_db_arg keys[] = {
	    up_db_text(f->ref),
	    up_db_text(f->person_ref),
	    up_db_text(f->unit),
	    up_db_int(now ? INT64_MAX : f->from_ms),
	    up_db_int(f->to_ms == 0 ? INT64_MAX : f->to_ms),
	};
	struct devices d = {.fn = fn, .arg = arg};
	enum up_err err = each(s, devices_of(f), keys, UP_ARRAY_LEN(keys), device, &d);

	up_buf_free(&d.units);
	return err == UP_OK ? d.err : err;
}

enum up_err up_store_known(struct up_store *s, enum up_known kind, struct up_span key, bool *known)
{
	static const enum up_sql statements[] = {[UP_KNOWN_UNIT] = UP_SQL_UNIT,
	    [UP_KNOWN_PERSON] = UP_SQL_PERSON_KNOWN,
	    [UP_KNOWN_CLIENT] = UP_SQL_CLIENT,
	    [UP_KNOWN_ITEM] = UP_SQL_ITEM,
	    [UP_KNOWN_HOLDER] = UP_SQL_HOLDER_VIEW};
	const struct up_db_arg arg = up_db_text(key);
	struct up_tx_read r;
	enum up_err err = up_tx_read(s, statements[kind], &arg, 1, &r);

	*known = r.row;
	up_tx_read_end(&r);
	return err;
}

enum up_err up_store_clients_version(struct up_store *s, int64_t *version)
{
	struct up_tx_read r;
	enum up_err err = up_tx_read(s, UP_SQL_CLIENTS_VERSION, NULL, 0, &r);

	*version = err == UP_OK && r.row ? up_db_column_int(r.rows, 0) : 0;
	up_tx_read_end(&r);
	return err;
}
