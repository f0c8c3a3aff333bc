/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/rows.h"

#include <stdlib.h>
#include <string.h>

#include "core/password.h"
#include "core/room.h"

void *up_rows_pack(
    const struct up_db_rows *rows, size_t struct_size, const struct up_rows_text *texts, size_t n)
{
	size_t size = struct_size;
	char *p, *base;

	for (size_t i = 0; i < n; i++)
		size += up_db_column(rows, texts[i].column).n + 1;
	base = calloc(1, size);
	if (base == NULL)
		return NULL;
	p = base + struct_size;
	for (size_t i = 0; i < n; i++) {
		struct up_span s = up_db_column(rows, texts[i].column);

		memcpy(base + texts[i].offset, &p, sizeof(p));
		if (s.n > 0)
			memcpy(p, s.p, s.n);
		p += s.n + 1;
	}
	return base;
}

void up_rows_copy(const struct up_db_rows *rows, int column, char *out, size_t cap)
{
	struct up_span s = up_db_column(rows, column);
	size_t n = s.n < cap ? s.n : cap - 1;

	while (n > 0 && n < s.n && (s.p[n] & 0xc0) == 0x80)
		n--;
	if (n > 0)
		memcpy(out, s.p, n);
	out[n] = '\0';
}

void up_rows_copy_ref(const struct up_db_rows *rows, int column, char out[UP_STORE_REF + 1])
{
	up_rows_copy(rows, column, out, UP_STORE_REF + 1);
}

enum up_err up_rows_words(
    struct up_db *db, enum up_sql id, struct up_db_arg key, struct up_buf *words)
{
	struct up_db_rows *rows;
	bool row;
	enum up_err err = up_db_first(db, id, &key, 1, &rows, &row);

	up_buf_reset(words);
	while (err == UP_OK && row) {
		if (words->n > 0)
			up_buf_put_char(words, ' ');
		up_buf_put_span(words, up_db_column(rows, 0));
		err = up_db_next(rows, &row);
	}
	up_db_end(&rows);
	return err == UP_OK && words->failed ? UP_E_NOMEM : err;
}

enum up_err up_rows_device(
    struct up_db *db, enum up_sql id, struct up_db_arg key, struct up_rows_device *out, bool *found)
{
	struct up_db_rows *rows;
	struct up_device *d = &out->device;
	enum up_err err = up_db_first(db, id, &key, 1, &rows, found);

	memset(out, 0, sizeof(*out));
	if (err != UP_OK || !*found)
		goto out;
	d->id = up_db_column_int(rows, 0);
	up_rows_copy_ref(rows, 1, d->ref);
	d->person = up_db_column_int(rows, 2);
	up_rows_copy_ref(rows, 3, d->person_ref);
	up_rows_copy(rows, 4, d->person_masked, sizeof(d->person_masked));
	d->errors = (unsigned)up_db_column_int(rows, 5);
	out->live = up_db_column_int(rows, 6) != 0;
	err = up_db_column_fixed(rows, 7, out->verifier, sizeof(out->verifier));
	if (err == UP_OK)
		err = up_db_column_fixed(rows, 8, d->key, sizeof(d->key));
out:
	up_db_end(&rows);
	return err;
}

static enum up_authority_state state_of(struct up_span status)
{
	if (up_span_eq_str(status, "live"))
		return UP_EDGE_LIVE;
	return up_span_eq_str(status, "waiting") ? UP_EDGE_WAITING : UP_EDGE_ENDED;
}

/* Columns of EDGE_COLUMNS in sql.c. */
struct up_authority_edge up_rows_edge(const struct up_db_rows *rows, const char *unit,
    const char *certificate)
{
	return (struct up_authority_edge){
		.id = up_db_column_int(rows, 0),
		.role = up_authority_role(up_db_column(rows, UP_ROWS_EDGE_ROLE)),
		.state = state_of(up_db_column(rows, 2)),
		.unit = up_span_str(unit),
		.certificate = up_span_str(certificate),
		.valid_from_s = up_db_column_int(rows, 5),
		.valid_to_s = up_db_column_int(rows, 6),
		.unit_live = up_db_column_int(rows, 7) != 0,
		.person_confirmed = up_db_column_int(rows, 8) != 0,
		.phone_live = up_db_column_int(rows, 9) != 0,
		.holder = up_db_column_int(rows, 10),
		.grantor = up_db_column_int(rows, 11),
		.may_authorise = up_db_column_int(rows, 12) != 0,
		.suspended = up_db_column_int(rows, 13) != 0,
	};
}

void up_rows_target(const struct up_db_rows *rows, struct up_rows_target *out)
{
	memset(out, 0, sizeof(*out));
	up_rows_copy(rows, UP_ROWS_EDGE_UNIT, out->unit, sizeof(out->unit));
	out->edge = up_rows_edge(rows, out->unit, "");
	up_rows_copy_ref(rows, UP_ROWS_EDGE, out->ref);
	up_rows_copy(rows, UP_ROWS_EDGE + 1, out->masked, sizeof(out->masked));
	out->device = up_db_column_int(rows, UP_ROWS_EDGE + 2);
}

/* Columns of ROLE_COLUMNS in sql.c. */
static const struct up_rows_text role_texts[] = {
	{ offsetof(struct up_role, role), UP_ROWS_EDGE_ROLE },
	{ offsetof(struct up_role, unit_code), UP_ROWS_EDGE_UNIT },
	{ offsetof(struct up_role, certificate), UP_ROWS_EDGE_CERTIFICATE },
	{ offsetof(struct up_role, unit_name), UP_ROWS_EDGE + 2 },
	{ offsetof(struct up_role, sealed_name), UP_ROWS_EDGE + 3 },
	{ offsetof(struct up_role, person_masked), UP_ROWS_EDGE + 4 },
	{ offsetof(struct up_role, assurance), UP_ROWS_EDGE + 5 },
	{ offsetof(struct up_role, fields), UP_ROWS_EDGE + 6 },
};

static struct up_role *take_role(struct up_db_rows *rows)
{
	struct up_role *r = up_rows_pack(rows, sizeof(*r), role_texts, UP_ARRAY_LEN(role_texts));

	if (r == NULL)
		return NULL;
	r->edge = up_rows_edge(rows, r->unit_code, r->certificate);
	r->id = r->edge.id;
	r->valid_from_s = r->edge.valid_from_s;
	r->valid_to_s = r->edge.valid_to_s;
	up_rows_copy_ref(rows, UP_ROWS_EDGE, r->ref);
	up_rows_copy_ref(rows, UP_ROWS_EDGE + 1, r->person_ref);
	r->certificate_version = up_db_column_int(rows, UP_ROWS_EDGE + 7);
	return r;
}

enum up_err up_rows_role(struct up_db *db, enum up_sql id, const struct up_db_arg *args, size_t n,
    struct up_rows_role *out)
{
	struct up_db_rows *rows;
	bool row;
	struct up_device *d = &out->phone.device;
	enum up_err err = up_db_first(db, id, args, n, &rows, &row);

	memset(out, 0, sizeof(*out));
	if (err != UP_OK || !row)
		goto out;
	err = up_db_column_fixed(rows, UP_ROWS_EDGE + 10, out->phone.verifier,
	    sizeof(out->phone.verifier));
	if (err != UP_OK)
		goto out;
	out->role = take_role(rows);
	if (out->role == NULL) {
		err = UP_E_NOMEM;
		goto out;
	}
	out->unit = up_db_column_int(rows, UP_ROWS_EDGE + 8);
	up_rows_copy_ref(rows, UP_ROWS_EDGE + 9, d->ref);
	memcpy(d->person_ref, out->role->person_ref, sizeof(d->person_ref));
	up_rows_copy(rows, UP_ROWS_EDGE + 4, d->person_masked, sizeof(d->person_masked));
	d->errors = (unsigned)up_db_column_int(rows, UP_ROWS_EDGE + 11);
	out->phone.live = out->role->edge.phone_live;
	d->person = up_db_column_int(rows, UP_ROWS_EDGE + 12);
out:
	up_db_end(&rows);
	return err;
}

/* --- up_store_role, up_store_roles, up_store_device --- */

enum up_err up_store_device(struct up_store *s, const uint8_t token_hash[32], struct up_device *out)
{
	struct up_rows_device d;
	struct up_db *db;
	bool found;
	enum up_err err = up_tx_take(s, &db);

	memset(out, 0, sizeof(*out));
	if (err != UP_OK)
		return err;
	err = up_rows_device(db, UP_SQL_DEVICE_BY_TOKEN, up_db_blob(token_hash, 32), &d, &found);
	if (err == UP_OK && !found)
		err = UP_E_TOKEN;
	if (err == UP_OK)
		*out = d.device;
	if (err == UP_OK && !d.live)
		err = UP_E_ENDED;
	up_wipe(d.verifier, sizeof(d.verifier));
	up_tx_put(s, &db);
	return err;
}

static enum up_err try_password(const struct up_store *s, const struct up_rows_device *d,
    const uint8_t password[32], bool *fits)
{
	uint8_t verifier[32];
	enum up_err err = up_password_verifier(up_span_of(s->password_key, 32),
	    up_span_str(d->device.ref), up_span_of(password, 32), verifier);

	*fits = err == UP_OK && d->live && d->device.errors < UP_PASSWORD_ERRORS_MAX &&
	    up_span_eq_ct(up_span_of(verifier, 32), up_span_of(d->verifier, 32));
	up_wipe(verifier, sizeof(verifier));
	return err;
}

enum up_err up_store_password_fits(
    struct up_store *s, int64_t device, const uint8_t password[32], bool *fits)
{
	struct up_rows_device d;
	struct up_db *db;
	bool found;
	enum up_err err = up_tx_take(s, &db);

	*fits = false;
	if (err != UP_OK)
		return err;
	err = up_rows_device(db, UP_SQL_DEVICE, up_db_int(device), &d, &found);
	up_tx_put(s, &db);
	if (err == UP_OK && found)
		err = try_password(s, &d, password, fits);
	up_wipe(&d, sizeof(d));
	return err;
}

enum up_err up_store_role(
    struct up_store *s, int64_t role, int64_t device, struct up_role **out)
{
	const struct up_db_arg args[] = {up_db_int(role), up_db_int(device)};
	struct up_rows_role found;
	struct up_db *db;
	enum up_err err = up_tx_take(s, &db);

	*out = NULL;
	if (err != UP_OK)
		return err;
	err = up_rows_role(db, UP_SQL_ROLE, args, UP_ARRAY_LEN(args), &found);
	up_wipe(&found.phone, sizeof(found.phone));
	up_tx_put(s, &db);
	*out = found.role;
	return err == UP_OK && found.role == NULL ? UP_E_ROLE : err;
}

enum up_err up_store_roles(
    struct up_store *s, int64_t device, struct up_role ***out, size_t *n)
{
	const struct up_db_arg arg = up_db_int(device);
	struct up_role **roles = NULL;
	size_t count = 0, cap = 0;
	struct up_tx_read r;
	enum up_err err = up_tx_read(s, UP_SQL_ROLES, &arg, 1, &r);

	while (err == UP_OK && r.row) {
		struct up_role **more = up_room(roles, count, &cap, sizeof(struct up_role *));

		err = more != NULL ? UP_OK : UP_E_NOMEM;
		roles = more != NULL ? more : roles;
		if (err == UP_OK && (roles[count] = take_role(r.rows)) == NULL)
			err = UP_E_NOMEM;
		if (err != UP_OK)
			break;
		count++;
		err = up_db_next(r.rows, &r.row);
	}
	up_tx_read_end(&r);
	if (err != UP_OK)
		up_store_roles_free(&roles, count);
	*out = roles;
	*n = err == UP_OK ? count : 0;
	return err;
}

void up_store_role_free(struct up_role **r)
{
	free(*r);
	*r = NULL;
}

void up_store_roles_free(struct up_role ***roles, size_t n)
{
	for (size_t i = 0; *roles != NULL && i < n; i++)
		free((*roles)[i]);
	free(*roles);
	*roles = NULL;
}
