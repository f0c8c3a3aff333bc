/* SPDX-License-Identifier: Apache-2.0
 * The steps that operations share. */
#include "server/store/act.h"

#include "core/json_put.h"
#include "core/password.h"
#include "core/text.h"

void up_act_judge(struct up_act *a, bool good, enum up_err otherwise)
{
	if (a->merit == UP_OK && !good)
		a->merit = otherwise;
}

void up_act_fill_code(struct up_act *a, const uint8_t code_hash[32])
{
	up_text_hex(up_span_of(code_hash, 16), a->code_hex);
	up_facts_text(&a->record.code_hash, up_span_of(a->code_hex, sizeof(a->code_hex)));
}

struct up_buf *up_act_buffer(struct up_act *a)
{
	if (a->n_kept == UP_ACT_KEPT) {
		a->kept[UP_ACT_KEPT - 1].failed = true;
		return &a->kept[UP_ACT_KEPT - 1];
	}
	return &a->kept[a->n_kept++];
}

struct up_span up_act_keep(struct up_act *a, struct up_span s)
{
	struct up_buf *b = up_act_buffer(a);

	up_buf_put_span(b, s);
	return up_buf_span(b);
}

struct up_span up_act_word(struct up_act *a, const char *name, struct up_span value)
{
	struct up_buf *b = up_act_buffer(a);
	struct up_json_put j = { .b = b };

	up_json_put_object(&j, NULL);
	up_json_put_text(&j, name, value);
	up_json_put_end(&j);
	return up_buf_span(b);
}

enum up_err up_act_exists(
    struct up_act *a, enum up_sql id, struct up_span key, bool *found, int64_t *number)
{
	const struct up_db_arg arg = up_db_text(key);
	struct up_db_rows *rows;
	enum up_err err = up_db_first(a->tx->db, id, &arg, 1, &rows, found);

	if (err == UP_OK && *found && number != NULL)
		*number = up_db_column_int(rows, 0);
	up_db_end(&rows);
	return err;
}

/* --- who acts --- */

/* ROLE 0: the only one that the phone holds. */
static enum up_err find(struct up_act *a, int64_t device, int64_t role)
{
	const struct up_db_arg only[] = {up_db_int(device)};
	const struct up_db_arg named[] = {up_db_int(role), up_db_int(device)};
	bool known = true;
	enum up_err err = role == 0 ? up_rows_role(a->tx->db, UP_SQL_ROLE_ONLY, only, 1, &a->found)
				    : up_rows_role(a->tx->db, UP_SQL_ROLE, named, 2, &a->found);

	if (err == UP_OK && a->found.role != NULL) {
		a->device = a->found.phone;
		a->device.device.id = device;
		up_facts_role(&a->record, a->found.role);
	} else if (err == UP_OK) {
		err = up_rows_device(
		    a->tx->db, UP_SQL_DEVICE, up_db_int(device), &a->device, &known);
	}
	if (err != UP_OK)
		return err;
	if (known)
		up_facts_person(&a->record, &a->device.device);
	up_act_judge(a, known, UP_E_TOKEN);
	up_act_judge(a, a->device.live, UP_E_ENDED);
	return UP_OK;
}

enum up_err up_act_find_role(struct up_act *a, int64_t device, int64_t role)
{
	enum up_err err = find(a, device, role);

	if (err == UP_OK)
		up_act_judge(a, role != 0 && a->found.role != NULL, UP_E_ROLE);
	return err;
}

enum up_err up_act_note(struct up_act *a, int64_t device, int64_t role)
{
	enum up_err err = UP_OK;

	if (device != 0)
		err = find(a, device, role);
	a->merit = UP_OK;
	return err;
}

struct up_role *up_act_take_role(struct up_act *a)
{
	struct up_role *role = a->found.role;

	a->found.role = NULL;
	return role;
}

/* --- what they may --- */

enum up_err up_act_find_client(struct up_act *a)
{
	const struct up_db_arg arg = up_db_text(a->record.client);
	struct up_db_rows *rows;
	bool row;
	enum up_err err;

	if (a->merit != UP_OK)
		return UP_OK;
	err = up_db_first(a->tx->db, UP_SQL_CLIENT, &arg, 1, &rows, &row);
	if (err == UP_OK && row)
		a->client = up_db_column_int(rows, 0);
	up_act_judge(a, row && up_db_column_int(rows, 1) != 0, UP_E_CLIENT);
	up_db_end(&rows);
	return err;
}

enum up_err up_act_password(struct up_act *a, const uint8_t password[32], unsigned *tries_left)
{
	const struct up_device *d = &a->device.device;
	struct up_span kept = up_span_of(a->device.verifier, 32);
	uint8_t verifier[32];
	unsigned next;

	if (a->merit != UP_OK)
		return UP_OK;
	if (up_password_verifier(up_span_of(a->tx->password_key, 32), up_span_str(d->ref),
		up_span_of(password, 32), verifier) != UP_OK)
		return UP_E_CRYPTO;
	a->merit =
	    up_password_step(d->errors, up_span_eq_ct(up_span_of(verifier, 32), kept), &next);
	up_wipe(verifier, sizeof(verifier));
	if (a->merit == UP_E_PASSWORD)
		*tries_left = UP_PASSWORD_ERRORS_MAX - next;
	if (next == d->errors)
		return UP_OK;

	const struct up_db_arg args[] = {up_db_int(d->id), up_db_int(next), up_db_int(d->errors)};

	return up_db_run_one(a->tx->db, UP_SQL_DEVICE_ERRORS, args, UP_ARRAY_LEN(args));
}
