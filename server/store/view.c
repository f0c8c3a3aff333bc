/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/view.h"

#include <string.h>

#include "server/store/rows.h"

/* Statement ID with ARGS; STEP gets each row, non-zero stops. */
struct walk {
	int (*step)(struct walk *, struct up_db *, const struct up_db_rows *);
	union {
		up_edge_fn edge;
		up_granted_fn granted;
		up_item_state_fn item;
	} fn;
	void *arg;
	struct up_buf words;
	enum up_err err;
};

static enum up_err walk(struct up_store *s, enum up_sql id, const struct up_db_arg *args, size_t n,
    struct walk *w)
{
	struct up_tx_read r;
	enum up_err err = up_tx_read(s, id, args, n, &r);

	while (err == UP_OK && r.row && w->step(w, r.db, r.rows) == 0)
		err = up_db_next(r.rows, &r.row);
	err = err == UP_OK ? w->err : err;
	if (err == UP_E_STORE && r.db != NULL)
		up_tx_log(s, 'e', "store: list failed", r.db);
	up_tx_read_end(&r);
	up_buf_free(&w->words);
	return err;
}

/* What stands now was made before the end of all days, and ends after it. */
static struct up_db_arg from_of(const struct up_when *when)
{
	if (when->all)
		return up_db_int(0);
	return up_db_int(when->to_ms == 0 ? INT64_MAX : when->from_ms);
}

static struct up_db_arg to_of(const struct up_when *when)
{
	return up_db_int(when->all || when->to_ms == 0 ? INT64_MAX : when->to_ms);
}

/* --- edges --- */

static int edge(struct walk *w, struct up_db *db, const struct up_db_rows *rows)
{
	const struct up_edge_view v = {
	    .number = up_db_column_int(rows, 0),
	    .ref = up_db_column(rows, 1),
	    .person_ref = up_db_column(rows, 2),
	    .person = up_db_column(rows, 3),
	    .role = up_authority_role(up_db_column(rows, 4)),
	    .grantor_number = up_db_column_int(rows, 5),
	    .grantor = up_db_column(rows, 6),
	    .created_ms = up_db_column_int(rows, 7),
	    .live_ms = up_db_column_int(rows, 8),
	    .ended_ms = up_db_column_int(rows, 9),
	    .confirmed = up_db_column_int(rows, 10) != 0,
	    .suspended = up_db_column_int(rows, 11) != 0,
	    .may_authorise = up_db_column_int(rows, 12) != 0,
	    .unit = up_db_column(rows, 13),
	    .unit_name = up_db_column(rows, 14),
	};

	(void)db;
	return w->fn.edge(w->arg, &v);
}

enum up_err up_store_edges(
    struct up_store *s, const struct up_edge_of *of, up_edge_fn fn, void *arg)
{
	struct walk w = { .step = edge, .fn.edge = fn, .arg = arg };
	const bool by_ref = of->ref.n > 0, by_unit = !by_ref && of->unit.n > 0;
	const struct up_db_arg args[] = { from_of(&of->when), to_of(&of->when),
		up_db_text(by_ref ? of->ref : of->unit) };

	if (by_ref || by_unit)
		return walk(s, by_ref ? UP_SQL_VIEW_EDGES_OF_REF : UP_SQL_VIEW_EDGES_OF_UNIT, args,
		    UP_ARRAY_LEN(args), &w);
	return walk(s, UP_SQL_VIEW_EDGES, args, 2, &w);
}

/* --- grants --- */

static int granted(struct walk *w, struct up_db *db, const struct up_db_rows *rows)
{
	const struct up_db_arg id = up_db_int(up_db_column_int(rows, 0));

	w->err = up_rows_words(db, UP_SQL_GRANT_ITEMS, id, &w->words);
	if (w->err != UP_OK)
		return 1;

	const struct up_granted_view v = {
	    .ref = up_db_column(rows, 1),
	    .edge = up_db_column_int(rows, 2),
	    .unit = up_db_column(rows, 3),
	    .user = up_db_column(rows, 4),
	    .person = up_db_column(rows, 5),
	    .grantor = up_db_column(rows, 6),
	    .grantor_role = up_authority_role(up_db_column(rows, 7)),
	    .from_day = (uint32_t)up_db_column_int(rows, 8),
	    .to_day = (uint32_t)up_db_column_int(rows, 9),
	    .created_ms = up_db_column_int(rows, 10),
	    .live_ms = up_db_column_int(rows, 11),
	    .ended_ms = up_db_column_int(rows, 12),
	    .items = up_buf_span(&w->words),
	};

	return w->fn.granted(w->arg, &v);
}

enum up_err up_store_granted(
    struct up_store *s, const struct up_granted_of *of, up_granted_fn fn, void *arg)
{
	struct walk w = { .step = granted, .fn.granted = fn, .arg = arg };
	const bool by_user = of->user.n > 0, by_unit = !by_user && of->unit.n > 0;
	const struct up_db_arg args[] = {
	    from_of(&of->when),
	    to_of(&of->when),
	    up_db_int(of->to_day),
	    up_db_text(of->item),
	    up_db_text(by_user ? of->user : of->unit),
	};

	if (by_user || by_unit)
		return walk(s, by_user ? UP_SQL_VIEW_GRANTS_OF_REF : UP_SQL_VIEW_GRANTS_OF_UNIT,
		    args, UP_ARRAY_LEN(args), &w);
	return walk(s, UP_SQL_VIEW_GRANTS, args, 4, &w);
}

/* --- items --- */

static int item(struct walk *w, struct up_db *db, const struct up_db_rows *rows)
{
	const struct up_item_state v = {
	    .item = up_db_column(rows, 0),
	    .name = up_db_column(rows, 1),
	    .client = up_db_column(rows, 2),
	    .created_ms = up_db_column_int(rows, 3),
	    .ended_ms = up_db_column_int(rows, 4),
	};

	(void)db;
	return w->fn.item(w->arg, &v);
}

enum up_err up_store_item_states(
    struct up_store *s, const struct up_when *when, up_item_state_fn fn, void *arg)
{
	struct walk w = { .step = item, .fn.item = fn, .arg = arg };
	const struct up_db_arg args[] = { from_of(when), to_of(when) };

	return walk(s, UP_SQL_VIEW_ITEMS, args, UP_ARRAY_LEN(args), &w);
}

/* --- what a phone signed --- */

enum up_err up_store_proof(struct up_store *s, int64_t seq, struct up_buf *proof)
{
	const struct up_db_arg key = up_db_int(seq);
	struct up_tx_read r;
	enum up_err err = up_tx_read(s, UP_SQL_PROOF, &key, 1, &r);

	if (err == UP_OK && r.row)
		up_buf_put_span(proof, up_db_column(r.rows, 0));
	up_tx_read_end(&r);
	return err == UP_OK && proof->failed ? UP_E_NOMEM : err;
}

enum up_err up_store_device_key(struct up_store *s, struct up_span ref, uint8_t key[64])
{
	const struct up_db_arg arg = up_db_text(ref);
	struct up_tx_read r;
	enum up_err err = up_tx_read(s, UP_SQL_DEVICE_KEY, &arg, 1, &r);
	struct up_span xy = { NULL, 0 };

	if (err == UP_OK && r.row)
		xy = up_db_column(r.rows, 0);
	if (xy.n == 64)
		memcpy(key, xy.p, 64);
	else if (err == UP_OK)
		err = UP_E_NOT_FOUND;
	up_tx_read_end(&r);
	return err;
}

/* --- what ends with a unit --- */

enum up_err up_store_standing_unit(
    struct up_store *s, struct up_span unit, struct up_standing *out)
{
	const struct up_db_arg key = up_db_text(unit);
	struct up_tx_read r;
	enum up_err err = up_tx_read(s, UP_SQL_VIEW_STANDING, &key, 1, &r);

	*out = (struct up_standing){ 0 };
	if (err == UP_OK && r.row)
		*out = (struct up_standing){
		    .principals = up_db_column_int(r.rows, 0),
		    .managers = up_db_column_int(r.rows, 1),
		    .users = up_db_column_int(r.rows, 2),
		    .grants = up_db_column_int(r.rows, 3),
		    .codes = up_db_column_int(r.rows, 4),
		};
	up_tx_read_end(&r);
	return err;
}
