/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/persons.h"

#include <string.h>

#include "server/store/rows.h"

enum up_err up_persons_find(
    struct up_tx *tx, struct up_span resident, struct up_persons_row *out)
{
	const struct up_db_arg key = up_db_text(resident);
	struct up_db_rows *rows;
	bool row;
	enum up_err err = up_db_first(tx->db, UP_SQL_PERSON, &key, 1, &rows, &row);

	memset(out, 0, sizeof(*out));
	if (err == UP_OK && row) {
		out->id = up_db_column_int(rows, 0);
		up_rows_copy_ref(rows, 1, out->ref);
		out->confirmed = up_db_column_int(rows, 2) != 0;
	}
	up_db_end(&rows);
	return err;
}

static enum up_err set(struct up_tx *tx, const struct up_persons_put *put, int64_t id)
{
	const struct up_db_arg args[] = {
	    up_db_int(id),
	    up_db_text(up_span_str(put->person->name)),
	    up_db_text(put->masked),
	    up_db_text(up_span_str(put->person->mobile)),
	    up_db_text(up_span_str(put->match ? "match" : "pending")),
	    up_db_text(put->assurance),
	    up_db_int(put->now_ms),
	};

	return up_db_run_one(tx->db, UP_SQL_PERSON_SET, args, UP_ARRAY_LEN(args));
}

static enum up_err add(struct up_tx *tx, const struct up_persons_put *put, const char *ref,
    int64_t *id)
{
	const struct up_db_arg args[] = {
	    up_db_text(up_span_str(ref)),
	    up_db_text(up_span_str(put->person->resident)),
	    up_db_text(up_span_str(put->person->name)),
	    up_db_text(put->masked),
	    up_db_text(up_span_str(put->person->mobile)),
	    up_db_text(up_span_str(put->match ? "match" : "pending")),
	    up_db_text(put->assurance),
	    up_db_int(put->now_ms),
	};

	return up_db_add(tx->db, UP_SQL_PERSON_ADD, args, UP_ARRAY_LEN(args), id);
}

enum up_err up_persons_put(
    struct up_tx *tx, const struct up_persons_put *put, struct up_persons_row *out)
{
	enum up_err err = up_persons_find(tx, up_span_str(put->person->resident), out);

	if (err != UP_OK || (out->confirmed && !put->match))
		return err;
	if (out->id != 0) {
		err = set(tx, put, out->id);
	} else {
		err = up_tx_draw(out->ref);
		if (err == UP_OK)
			err = add(tx, put, out->ref, &out->id);
	}
	out->confirmed = put->match;
	return err;
}

enum up_err up_persons_read(struct up_tx *tx, int64_t id, struct up_person *out)
{
	const struct up_db_arg key = up_db_int(id);
	struct up_db_rows *rows;
	bool row;
	enum up_err err = up_db_first(tx->db, UP_SQL_PERSON_DATA, &key, 1, &rows, &row);

	memset(out, 0, sizeof(*out));
	if (err == UP_OK && row) {
		up_rows_copy(rows, 0, out->resident, sizeof(out->resident));
		up_rows_copy(rows, 1, out->name, sizeof(out->name));
		up_rows_copy(rows, 2, out->mobile, sizeof(out->mobile));
	}
	up_db_end(&rows);
	return err == UP_OK && !row ? UP_E_NOT_FOUND : err;
}
