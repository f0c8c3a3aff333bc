/* SPDX-License-Identifier: Apache-2.0
 * By what right somebody acts: the grant she has now, read in the transaction that judges it (rules
 * 18, 20), and the chain from her to the principal. */
#include "server/store/right.h"

#include <stdlib.h>
#include <string.h>

#include "core/day.h"
#include "core/room.h"
#include "server/store/edge.h"

/* --- grants, as core/authority judges them --- */

/* Those of one statement: id, edge, from, to in its first columns. */
struct grants {
	struct up_authority_grant *list;
	size_t n, cap;
};

static enum up_err read_grants(struct up_db *db, enum up_sql id, const struct up_db_arg *args,
    size_t n_args, struct up_span item, struct grants *out)
{
	struct up_db_rows *rows;
	bool row;
	enum up_err err = up_db_first(db, id, args, n_args, &rows, &row);

	while (err == UP_OK && row) {
		struct up_authority_grant *more =
		    up_room(out->list, out->n, &out->cap, sizeof(*more));

		if (more == NULL) {
			err = UP_E_NOMEM;
			break;
		}
		out->list = more;
		out->list[out->n++] = (struct up_authority_grant){
		    .id = up_db_column_int(rows, 0),
		    .edge = up_db_column_int(rows, 1),
		    .item = item,
		    .from_day = (uint32_t)up_db_column_int(rows, 2),
		    .to_day = (uint32_t)up_db_column_int(rows, 3),
		};
		err = up_db_next(rows, &row);
	}
	up_db_end(&rows);
	return err;
}

enum up_err up_store_grants_for(struct up_store *s, int64_t device, struct up_span item,
    struct up_authority_grant **out, size_t *n)
{
	const struct up_db_arg args[] = { up_db_int(device), up_db_text(item) };
	struct grants grants = { 0 };
	struct up_db *db;
	enum up_err err = up_tx_take(s, &db);

	if (err == UP_OK) {
		err = read_grants(db, UP_SQL_GRANTS_FOR_PHONE, args, 2, item, &grants);
		up_tx_put(s, &db);
	}
	if (err != UP_OK) {
		free(grants.list);
		grants = (struct grants){ 0 };
	}
	*out = grants.list;
	*n = grants.n;
	return err;
}

/* --- at the moment of use --- */

static enum up_err judge(const struct up_authority_ask *ask,
    const struct up_authority_edge *edge, int64_t *grant)
{
	struct up_authority_answer answer;
	enum up_err said = up_authority_may(ask, edge, &answer);

	*grant = said == UP_OK && answer.grant != NULL ? answer.grant->id : 0;
	return said;
}

/* Another edge of hers for the same unit, on the same phone, that has the grant which the one named
 * lacks: what she signed names unit and role, and both are the same. */
static enum up_err find_other(
    struct up_act *a, const struct up_authority_ask *ask, int64_t *grant)
{
	int64_t named = a->found.role->edge.id, tried = 0;
	enum up_err err = UP_OK;

	for (size_t i = 0; err == UP_OK && a->merit != UP_OK && i < ask->n_grants; i++) {
		const struct up_db_arg key[] = {
		    up_db_int(ask->grants[i].edge), up_db_int(a->device.device.id)};
		struct up_rows_role other;

		if (key[0].i == named || key[0].i == tried)
			continue;
		tried = key[0].i;
		err = up_rows_role(a->tx->db, UP_SQL_ROLE, key, UP_ARRAY_LEN(key), &other);
		if (err == UP_OK && other.role != NULL &&
		    judge(ask, &other.role->edge, grant) == UP_OK) {
			a->named = a->found.role;
			a->found = other;
			a->merit = UP_OK;
		} else {
			up_store_role_free(&other.role);
		}
		up_wipe(&other.phone, sizeof(other.phone));
	}
	return err;
}

/* What the record says of the grant by which she acts. */
static enum up_err note_grant(struct up_act *a)
{
	const struct up_db_arg key = up_db_int(a->grant);
	struct up_buf *words = up_act_buffer(a);
	struct up_edge_grant grant = { 0 };
	struct up_db_rows *rows;
	bool row;
	enum up_err err = up_db_first(a->tx->db, UP_SQL_GRANT, &key, 1, &rows, &row);

	if (err == UP_OK && row)
		up_edge_grant_row(rows, &grant);
	up_db_end(&rows);
	if (err == UP_OK)
		err = up_rows_words(a->tx->db, UP_SQL_GRANT_ITEMS, key, words);
	a->record.grant = up_act_keep(a, up_span_str(grant.ref));
	a->record.grantor = up_act_keep(a, up_span_str(grant.grantor));
	a->record.period = up_act_keep(a, up_span_str(grant.period));
	a->record.items = up_buf_span(words);
	return err;
}

enum up_err up_act_may(struct up_act *a, enum up_authority_use use, struct up_span item)
{
	struct up_authority_ask ask = { .use = use, .item = item, .now_s = a->op->now_ms / 1000 };
	struct grants grants = { 0 };
	enum up_err err = UP_OK;

	if (a->merit != UP_OK)
		return UP_OK;
	if (item.n > 0 && up_authority_needs_grant(use, a->found.role->edge.role)) {
		const struct up_db_arg args[] = {
		    up_db_int(a->device.device.id),
		    up_db_int(a->found.role->edge.holder),
		    up_db_text(item),
		    up_db_int(a->found.role->edge.id),
		};

		err = read_grants(a->tx->db, UP_SQL_GRANTS_FOR_EDGE, args, UP_ARRAY_LEN(args),
		    item, &grants);
	}
	ask.grants = grants.list;
	ask.n_grants = grants.n;
	if (err == UP_OK)
		a->merit = judge(&ask, &a->found.role->edge, &a->grant);
	if (err == UP_OK && a->merit == UP_E_ITEM_GRANT)
		err = find_other(a, &ask, &a->grant);
	free(grants.list);
	return err == UP_OK && a->grant != 0 ? note_grant(a) : err;
}

/* --- the chain --- */

static struct up_span items_of(struct up_buf *words)
{
	return words->n > 0 ? up_buf_span(words) : (struct up_span){ NULL, 0 };
}

/* LINK's edge; *ABOVE: that gave it, 0 for a principal's. UP_E_ROLE: not live. */
static enum up_err read_link(
    struct up_db *db, int64_t edge, struct up_link *link, int64_t *above)
{
	const struct up_db_arg key = up_db_int(edge);
	struct up_db_rows *rows;
	bool row, live = false;
	enum up_err err = up_db_first(db, UP_SQL_CHAIN_LINK, &key, 1, &rows, &row);

	if (err == UP_OK && row) {
		link->role = up_authority_role(up_db_column(rows, 0));
		up_rows_copy_ref(rows, 1, link->ref);
		link->since_s = up_db_column_int(rows, 2) / 1000;
		*above = up_db_column_int(rows, 3);
		live = up_db_column_int(rows, 4) != 0;
	}
	up_db_end(&rows);
	return err == UP_OK && !live ? UP_E_ROLE : err;
}

static struct up_chain *make(
    const struct up_link *links /* from her upwards */, size_t n, struct up_span items)
{
	struct up_chain *chain = calloc(1, sizeof(*chain) + items.n + 1);
	char *text = (char *)(chain + 1);

	if (chain == NULL)
		return NULL;
	if (items.n > 0)
		memcpy(text, items.p, items.n);
	chain->n = n;
	for (size_t i = 0; i < n; i++) {
		chain->links[i] = links[n - 1 - i];
		chain->links[i].items = i + 1 == n ? text : text + items.n;      /* "" */
	}
	return chain;
}

/* 23:59:59 of the grant's last day. */
static enum up_err read_grant(
    struct up_db *db, int64_t grant, struct up_link *link, struct up_buf *words)
{
	const struct up_db_arg key = up_db_int(grant);
	struct up_db_rows *rows;
	bool row;
	int64_t start_s = 0;
	enum up_err err = up_db_first(db, UP_SQL_GRANT, &key, 1, &rows, &row);

	if (err == UP_OK && row)
		err = up_day_start((uint32_t)up_db_column_int(rows, 3), &start_s);
	up_db_end(&rows);
	link->until_s = start_s + UP_DAY_S - 1;
	return err == UP_OK ? up_rows_words(db, UP_SQL_GRANT_ITEMS, key, words) : err;
}

enum up_err up_right_chain(
    struct up_db *db, int64_t edge, int64_t grant, struct up_chain **out)
{
	struct up_link links[UP_CHAIN_MAX] = { 0 };
	struct up_buf words = { 0 };
	size_t n = 0;
	enum up_err err = UP_OK;

	*out = NULL;
	while (err == UP_OK && edge != 0 && n < UP_CHAIN_MAX)
		err = read_link(db, edge, &links[n++], &edge);
	if (err == UP_OK && (n == 0 || edge != 0))
		err = UP_E_ROLE;
	if (err == UP_OK && grant != 0)
		err = read_grant(db, grant, &links[0], &words);
	if (err == UP_OK) {
		*out = make(links, n, items_of(&words));
		err = *out != NULL ? UP_OK : UP_E_NOMEM;
	}
	up_buf_free(&words);
	return err;
}

/* The grant by which the edge ROLE acts for ITEM; whether its phone lives is not asked. */
static enum up_err find_grant(
    struct up_db *db, int64_t role, struct up_span item, int64_t now_s, int64_t *grant)
{
	const struct up_db_arg args[] = { up_db_int(role), up_db_text(item) };
	struct up_authority_answer answer = { .lacks = 0 };
	struct grants grants = { 0 };
	struct up_rows_target target;
	struct up_db_rows *rows;
	bool row;
	enum up_err err = up_db_first(db, UP_SQL_EDGE, args, 1, &rows, &row);

	if (err == UP_OK && row)
		up_rows_target(rows, &target);
	up_db_end(&rows);
	if (err == UP_OK && row)
		err = read_grants(
		    db, UP_SQL_GRANTS_OF_EDGE, args, UP_ARRAY_LEN(args), item, &grants);
	if (err == UP_OK && row) {
		const struct up_authority_ask ask = { .use = UP_USE_LOGIN, .item = item,
			.now_s = now_s, .grants = grants.list, .n_grants = grants.n };

		if (up_authority_may(&ask, &target.edge, &answer) != UP_OK &&
		    (answer.lacks & UP_NEED_GRANT) != 0)
			err = UP_E_ITEM_GRANT;
	}
	*grant = answer.grant != NULL ? answer.grant->id : 0;
	free(grants.list);
	return err;
}

enum up_err up_store_chain(struct up_store *s, int64_t role, struct up_span item, int64_t now_s,
    struct up_chain **out)
{
	struct up_db *db;
	int64_t grant = 0;
	enum up_err err = up_tx_take(s, &db);

	*out = NULL;
	if (err != UP_OK)
		return err;
	if (item.n > 0)
		err = find_grant(db, role, item, now_s, &grant);
	if (err == UP_OK)
		err = up_right_chain(db, role, grant, out);
	up_tx_put(s, &db);
	return err;
}

void up_chain_free(struct up_chain **chain)
{
	free(*chain);
	*chain = NULL;
}
