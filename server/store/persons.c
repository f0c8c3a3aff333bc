/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/persons.h"

#include "server/store/rows.h"

/* --- reading --- */

static enum up_err fail(struct up_db *db, enum up_err err)
{
	return up_db_fail(db, UP_DB_OTHER, "persons' data cannot be %s: %s",
	    err == UP_E_KEY ? "read, the key is not in data.keys" : "read or written",
	    up_err_name(err));
}

enum up_err up_persons_open(struct up_db *db, struct up_data_keys *keys,
    enum up_data_column column, struct up_span ref, struct up_span sealed, char *out, size_t cap)
{
	char owner[UP_STORE_REF + 1] = "";
	enum up_err err = UP_E_KEY;

	memset(out, 0, cap);
	if (ref.n == UP_STORE_REF)
		memcpy(owner, ref.p, ref.n);
	if (keys != NULL)
		err = up_data_keys_take(keys, column, owner, sealed, out, cap);
	return err == UP_OK ? UP_OK : fail(db, err);
}

enum up_err up_persons_open_all(struct up_db *db, struct up_data_keys *keys,
    const struct up_persons_sealed *in, struct up_person *out)
{
	enum up_err err = up_persons_open(db, keys, UP_DATA_RESIDENT, in->ref, in->resident,
	    out->resident, sizeof(out->resident));

	if (err == UP_OK)
		err = up_persons_open(db, keys, UP_DATA_NAME, in->ref, in->name, out->name,
		    sizeof(out->name));
	if (err == UP_OK)
		err = up_persons_open(db, keys, UP_DATA_MOBILE, in->ref, in->mobile,
		    out->mobile, sizeof(out->mobile));
	if (err != UP_OK)
		up_wipe(out, sizeof(*out));
	return err;
}

enum up_err up_persons_find(
    struct up_tx *tx, struct up_span resident, struct up_persons_row *out)
{
	char index[UP_VAULT_INDEX + 1];
	struct up_db_arg key;
	struct up_db_rows *rows;
	bool row;
	enum up_err err = UP_E_KEY;

	memset(out, 0, sizeof(*out));
	if (tx->data_keys != NULL)
		err = up_data_keys_index(tx->data_keys, resident, index);
	if (err != UP_OK)
		return fail(tx->db, err);
	key = up_db_text(up_span_str(index));
	err = up_db_first(tx->db, UP_SQL_PERSON, &key, 1, &rows, &row);
	if (err == UP_OK && row) {
		out->id = up_db_column_int(rows, 0);
		up_rows_copy_ref(rows, 1, out->ref);
		out->confirmed = up_db_column_int(rows, 2) != 0;
	}
	up_db_end(&rows);
	return err;
}

enum up_err up_persons_read(struct up_tx *tx, int64_t id, struct up_person *out)
{
	const struct up_db_arg key = up_db_int(id);
	struct up_db_rows *rows;
	bool row;
	enum up_err err = up_db_first(tx->db, UP_SQL_PERSON_DATA, &key, 1, &rows, &row);

	memset(out, 0, sizeof(*out));
	if (err == UP_OK && !row)
		err = UP_E_NOT_FOUND;
	if (err == UP_OK) {
		const struct up_persons_sealed in = {
		    .ref = up_db_column(rows, 0),
		    .resident = up_db_column(rows, 1),
		    .name = up_db_column(rows, 2),
		    .mobile = up_db_column(rows, 3),
		};

		err = up_persons_open_all(tx->db, tx->data_keys, &in, out);
	}
	up_db_end(&rows);
	return err;
}

enum up_err up_store_name(
    struct up_store *s, const struct up_role *role, char out[UP_PERSON_NAME_SIZE])
{
	struct up_db *db;
	enum up_err err = up_tx_take(s, &db);

	memset(out, 0, UP_PERSON_NAME_SIZE);
	if (err != UP_OK)
		return err;
	err = up_persons_open(db, s->data_keys, UP_DATA_NAME, up_span_str(role->person_ref),
	    up_span_str(role->sealed_name), out, UP_PERSON_NAME_SIZE);
	if (err != UP_OK)
		up_tx_log(s, 'e', "store: a name cannot be read", db);
	up_tx_put(s, &db);
	return err;
}

/* --- writing --- */

static enum up_err set(struct up_tx *tx, const struct up_persons_put *put, int64_t id,
    const struct up_data_sealed *sealed)
{
	const struct up_db_arg args[] = {
	    up_db_int(id),
	    up_db_text(up_buf_span(&sealed->resident)),
	    up_db_text(up_buf_span(&sealed->name)),
	    up_db_text(put->masked),
	    up_db_text(up_buf_span(&sealed->mobile)),
	    up_db_text(up_span_str(sealed->key)),
	    up_db_text(up_span_str(put->match ? "match" : "pending")),
	    up_db_text(put->assurance),
	    up_db_int(put->now_ms),
	};

	return up_db_run_one(tx->db, UP_SQL_PERSON_SET, args, UP_ARRAY_LEN(args));
}

static enum up_err add(struct up_tx *tx, const struct up_persons_put *put, const char *ref,
    const struct up_data_sealed *sealed, int64_t *id)
{
	const struct up_db_arg args[] = {
	    up_db_text(up_span_str(ref)),
	    up_db_text(up_span_str(sealed->index)),
	    up_db_text(up_buf_span(&sealed->resident)),
	    up_db_text(up_buf_span(&sealed->name)),
	    up_db_text(put->masked),
	    up_db_text(up_buf_span(&sealed->mobile)),
	    up_db_text(up_span_str(sealed->key)),
	    up_db_text(up_span_str(put->match ? "match" : "pending")),
	    up_db_text(put->assurance),
	    up_db_int(put->now_ms),
	};

	return up_db_add(tx->db, UP_SQL_PERSON_ADD, args, UP_ARRAY_LEN(args), id);
}

enum up_err up_persons_put(
    struct up_tx *tx, const struct up_persons_put *put, struct up_persons_row *out)
{
	struct up_data_sealed sealed;
	enum up_err err = up_persons_find(tx, up_span_str(put->person->resident), out);

	if (err != UP_OK || (out->confirmed && !put->match))
		return err;
	if (out->id == 0 && up_tx_draw(out->ref) != UP_OK)
		return UP_E_CRYPTO;
	err = up_data_keys_seal(tx->data_keys, out->ref, put->person, &sealed);
	if (err != UP_OK)
		err = fail(tx->db, err);
	else if (out->id != 0)
		err = set(tx, put, out->id, &sealed);
	else
		err = add(tx, put, out->ref, &sealed, &out->id);
	up_data_sealed_free(&sealed);
	out->confirmed = put->match;
	return err;
}
