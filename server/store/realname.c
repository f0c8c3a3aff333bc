/* SPDX-License-Identifier: Apache-2.0
 * Persons whom the real-name check had no answer for: who they are, and what becomes of them when
 * there is one (rule 5). */
#include "server/store/act.h"
#include "server/store/persons.h"

/* --- who they are --- */

static enum up_err read_numbers(
    struct up_store *s, int64_t after, size_t limit, int64_t numbers[UP_PENDING_MAX], size_t *n)
{
	const struct up_db_arg args[] = {up_db_int(after), up_db_int((int64_t)limit)};
	struct up_tx_read r;
	enum up_err err = up_tx_read(s, UP_SQL_PENDING, args, UP_ARRAY_LEN(args), &r);

	for (*n = 0; err == UP_OK && r.row && *n < limit; ++*n) {
		numbers[*n] = up_db_column_int(r.rows, 0);
		err = up_db_next(r.rows, &r.row);
	}
	up_tx_read_end(&r);
	return err;
}

struct one { char ref[UP_STORE_REF + 1]; struct up_person person; };

/* *FOUND: she is pending still. */
static enum up_err read_one(struct up_store *s, int64_t number, struct one *out, bool *found)
{
	const struct up_db_arg key = up_db_int(number);
	struct up_tx tx = { .data_keys = s->data_keys };
	struct up_db_rows *rows;
	enum up_err err = up_tx_take(s, &tx.db);

	*found = false;
	if (err != UP_OK)
		return err;
	err = up_db_first(tx.db, UP_SQL_PENDING_REF, &key, 1, &rows, found);
	if (err == UP_OK && *found)
		up_rows_copy_ref(rows, 0, out->ref);
	up_db_end(&rows);
	if (err == UP_OK && *found)
		err = up_persons_read(&tx, number, &out->person);
	if (err == UP_E_STORE)
		up_tx_log(s, 'e', "store: somebody pending cannot be read", tx.db);
	up_tx_put(s, &tx.db);
	*found = *found && err == UP_OK;
	return err == UP_E_NOT_FOUND ? UP_OK : err;
}

enum up_err up_store_pending(
    struct up_store *s, int64_t after, size_t limit, up_pending_fn fn, void *arg)
{
	int64_t numbers[UP_PENDING_MAX];
	enum up_err unread = UP_OK;
	struct one one;
	bool found, any = false, stop = false;
	size_t n = 0;
	enum up_err err = read_numbers(
	    s, after, limit < UP_PENDING_MAX ? limit : UP_PENDING_MAX, numbers, &n);

	for (size_t i = 0; err == UP_OK && i < n && !stop; i++) {
		enum up_err read = read_one(s, numbers[i], &one, &found);

		unread = read != UP_OK ? read : unread;
		any = any || found;
		if (found) {
			const struct up_pending p = { numbers[i], one.ref, &one.person };

			stop = fn(arg, &p) != 0;
		}
	}
	up_wipe(&one, sizeof(one));
	return err == UP_OK && !any ? unread : err;
}

/* --- up_op_realname --- */

static struct up_op_realname *asked(const struct up_act *a)
{
	return (void *)a->op;
}

/* Is it still she who was asked about? What was typed anew meanwhile is another question. */
static enum up_err find(struct up_act *a)
{
	const struct up_person *about = asked(a)->asked;
	const struct up_db_arg key = up_db_int(asked(a)->person);
	struct up_person now = { .name = "" };
	struct up_db_rows *rows;
	bool row, same = false;
	enum up_err err = up_db_first(a->tx->db, UP_SQL_PENDING_REF, &key, 1, &rows, &row);

	if (err == UP_OK && row) {
		a->record.person_ref = up_act_keep(a, up_db_column(rows, 0));
		a->record.person_name = up_act_keep(a, up_db_column(rows, 1));
	}
	up_db_end(&rows);
	if (err == UP_OK && row)
		err = up_persons_read(a->tx, asked(a)->person, &now);
	if (err == UP_OK && row)
		same = strcmp(now.resident, about->resident) == 0 &&
		    strcmp(now.name, about->name) == 0 && strcmp(now.mobile, about->mobile) == 0;
	up_wipe(&now, sizeof(now));
	up_act_judge(a, same, UP_E_STATE);
	return err;
}

/* STATUS: of the edge it is about, or "". */
static struct up_span state(struct up_act *a, struct up_span check, const char *status)
{
	struct up_buf *b = up_act_buffer(a);

	up_buf_printf(b, "{\"check\":\"%.*s\"", (int)check.n, (const char *)check.p);
	if (status[0] != '\0')
		up_buf_printf(b, ",\"status\":\"%s\"", status);
	up_buf_put_char(b, '}');
	return up_buf_span(b);
}

/* Each edge's unit finds it among its own. */
static enum up_err record_edges(struct up_act *a, bool match)
{
	const struct up_db_arg key = up_db_int(asked(a)->person);
	struct up_db_rows *rows;
	bool row;
	enum up_err err = up_db_first(a->tx->db, UP_SQL_PENDING_EDGES, &key, 1, &rows, &row);

	if (err == UP_OK && row) {
		a->told = true;
		a->record.before = state(a, UP_SPAN_LIT("pending"), "waiting");
		a->record.after = state(a, asked(a)->outcome, match ? "waiting" : "ended");
	}
	while (err == UP_OK && row) {
		a->record.unit_code = up_db_column(rows, 0);
		a->record.unit_name = up_db_column(rows, 1);
		a->record.holder_ref = up_db_column(rows, 2);
		a->record.role = up_db_column(rows, 3);
		a->record.certificate = up_db_column(rows, 4);
		a->record.certificate_version = up_db_column_int(rows, 5);
		err = up_act_append(a);
		if (err == UP_OK)
			err = up_db_next(rows, &row);
	}
	up_db_end(&rows);
	return err;
}

static enum up_err confirm(struct up_act *a)
{
	const struct up_db_arg args[] = {up_db_int(asked(a)->person),
	    up_db_text(asked(a)->assurance), up_db_int(a->op->now_ms)};

	return up_db_run_one(a->tx->db, UP_SQL_PENDING_SET, args, UP_ARRAY_LEN(args));
}

static enum up_err refuse(struct up_act *a)
{
	const struct up_db_arg args[] = {up_db_int(asked(a)->person), up_db_int(a->op->now_ms)};
	struct up_db *db = a->tx->db;
	enum up_err err = up_db_run(db, UP_SQL_PENDING_CODES_END, args, 1, NULL);

	if (err == UP_OK)
		err = up_db_run(db, UP_SQL_PENDING_GRANTS_END, args, UP_ARRAY_LEN(args), NULL);
	if (err == UP_OK)
		err = up_db_run(db, UP_SQL_PENDING_EDGES_END, args, UP_ARRAY_LEN(args), NULL);
	return err == UP_OK ? up_db_run(db, UP_SQL_PENDING_FORGET, args, 1, NULL) : err;
}

enum up_err up_act_realname(struct up_act *a)
{
	bool match = up_span_eq_str(asked(a)->outcome, "match");
	enum up_err err = find(a);

	a->told = a->merit != UP_OK;
	if (err != UP_OK || a->told)
		return err;
	a->record.channel = UP_SPAN_LIT("server");
	a->record.assurance = asked(a)->assurance;
	a->record.before = state(a, UP_SPAN_LIT("pending"), "");
	a->record.after = state(a, asked(a)->outcome, "");
	if (!match) {
		a->merit = up_span_eq_str(asked(a)->outcome, "mismatch") ? UP_E_MISMATCH
		    : UP_E_NO_PERSON;
		a->record.reason = asked(a)->outcome;
	}
	err = record_edges(a, match);
	if (err != UP_OK)
		return err;
	return match ? confirm(a) : refuse(a);
}
