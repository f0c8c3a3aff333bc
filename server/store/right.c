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

/* Those of one statement; TOLD[i] is what records tell of LIST[i], of those that are JUDGED alone
 * nothing. */
struct grants {
	struct up_authority_grant *list;
	struct up_act_grant *told;
	size_t n, list_cap, told_cap;
	bool judged;
};

static enum up_err add_told(struct grants *g, const struct up_db_rows *rows)
{
	struct up_act_grant *told = up_room(g->told, g->n, &g->told_cap, sizeof(*told));

	if (told == NULL)
		return UP_E_NOMEM;
	g->told = told;
	up_edge_grant_row(rows, &told[g->n]);
	return UP_OK;
}

/* The last one, by its number: of several that are good the oldest is taken, on every engine. */
static void sort_last(struct grants *g)
{
	for (size_t i = g->n - 1; i > 0 && g->list[i - 1].id > g->list[i].id; i--) {
		const struct up_authority_grant one = g->list[i];

		g->list[i] = g->list[i - 1];
		g->list[i - 1] = one;
		if (g->judged)
			continue;

		const struct up_act_grant told = g->told[i];

		g->told[i] = g->told[i - 1];
		g->told[i - 1] = told;
	}
}

static enum up_err add_grant(
    struct grants *g, const struct up_db_rows *rows, struct up_span item)
{
	struct up_authority_grant *list = up_room(g->list, g->n, &g->list_cap, sizeof(*list));

	if (list == NULL)
		return UP_E_NOMEM;
	g->list = list;
	list[g->n] = (struct up_authority_grant){
	    .id = up_db_column_int(rows, 0),
	    .edge = up_db_column_int(rows, 1),
	    .item = item,
	    .from_day = (uint32_t)up_db_column_int(rows, 2),
	    .to_day = (uint32_t)up_db_column_int(rows, 3),
	};
	if (!g->judged && add_told(g, rows) != UP_OK)
		return UP_E_NOMEM;
	g->n++;
	sort_last(g);
	return UP_OK;
}

static enum up_err read_grants(struct up_db *db, enum up_sql id, const struct up_db_arg *args,
    size_t n_args, struct up_span item, struct grants *out)
{
	struct up_db_rows *rows;
	bool row;
	enum up_err err = up_db_first(db, id, args, n_args, &rows, &row);

	while (err == UP_OK && row) {
		err = add_grant(out, rows, item);
		if (err == UP_OK)
			err = up_db_next(rows, &row);
	}
	up_db_end(&rows);
	return err;
}

/* Of all, those by which she decided; ONLY 0: any. */
static void keep_only(struct grants *g, int64_t only)
{
	size_t kept = 0;

	for (size_t i = 0; only != 0 && i < g->n; i++) {
		if (g->list[i].id != only)
			continue;
		g->list[kept] = g->list[i];
		g->told[kept++] = g->told[i];
	}
	g->n = only != 0 ? kept : g->n;
}

static void free_grants(struct grants *g)
{
	free(g->list);
	free(g->told);
	*g = (struct grants){ 0 };
}

/* That which core/authority found, and its items in WORDS. */
static enum up_err take_grant(struct up_db *db, const struct grants *g,
    const struct up_authority_answer *answer, struct up_buf *words, struct up_act_grant *out)
{
	enum up_err err;

	if (answer->grant == NULL)
		return UP_OK;
	*out = g->told[answer->grant - g->list];
	err = up_rows_words(db, UP_SQL_GRANT_ITEMS, up_db_int(out->id), words);
	out->items = up_buf_span(words);
	return err;
}

enum up_err up_store_grants_for(struct up_store *s, int64_t device, struct up_span item,
    struct up_authority_grant **out, size_t *n)
{
	const struct up_db_arg args[] = { up_db_int(device), up_db_text(item) };
	struct grants grants = { .judged = true };
	struct up_db *db;
	enum up_err err = up_tx_take(s, &db);

	if (err == UP_OK) {
		err = read_grants(db, UP_SQL_GRANTS_FOR_PHONE, args, 2, item, &grants);
		up_tx_put(s, &db);
	}
	if (err != UP_OK)
		free_grants(&grants);
	*out = grants.list;
	*n = grants.n;
	return err;
}

/* --- at the moment of use --- */

/* Another edge of hers for the same unit, on the same phone, that has the grant which the one named
 * lacks: what she signed names unit and role, and both are the same. */
static enum up_err find_other(
    struct up_act *a, const struct up_authority_ask *ask, struct up_authority_answer *answer)
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
		    up_authority_may(ask, &other.role->edge, answer) == UP_OK) {
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

enum up_err up_act_may(struct up_act *a, enum up_authority_use use, struct up_span item)
{
	struct up_authority_ask ask = { .use = use, .item = item, .now_s = a->op->now_ms / 1000 };
	struct up_authority_answer answer;
	struct grants grants = { 0 };
	enum up_err err = UP_OK;

	if (a->merit != UP_OK)
		return UP_OK;
	if (item.n > 0 && up_authority_needs_grant(use, a->found.role->edge.role)) {
		const struct up_db_arg args[] = {
		    up_db_int(a->device.device.id),
		    up_db_int(a->found.role->edge.holder),
		    up_db_text(item),
		};

		err = read_grants(a->tx->db, UP_SQL_GRANTS_FOR_EDGE, args, UP_ARRAY_LEN(args),
		    item, &grants);
	}
	keep_only(&grants, a->only_grant);
	ask.grants = grants.list;
	ask.n_grants = grants.n;
	if (err == UP_OK)
		a->merit = up_authority_may(&ask, &a->found.role->edge, &answer);
	if (err == UP_OK && a->merit == UP_E_ITEM_GRANT)
		err = find_other(a, &ask, &answer);
	if (err == UP_OK && a->merit == UP_OK)
		err = take_grant(a->tx->db, &grants, &answer, up_act_buffer(a), &a->grant);
	if (a->grant.id != 0)
		up_edge_fill_grant(&a->record, &a->grant);
	free_grants(&grants);
	return err;
}

/* --- the chain --- */

#define COLUMNS 4                        /* of a link in the row, from her upwards */

static void take_link(const struct up_db_rows *rows, int at, struct up_link *link)
{
	link->role = up_authority_role(up_db_column(rows, at));
	up_rows_copy_ref(rows, at + 1, link->ref);
	link->since_s = up_db_column_int(rows, at + 2) / 1000;
}

/* UP_E_ROLE: one of them does not live, or there is a further one. */
static enum up_err read_links(
    struct up_db *db, int64_t edge, struct up_link links[UP_CHAIN_MAX], size_t *n)
{
	const struct up_db_arg key = up_db_int(edge);
	struct up_db_rows *rows;
	bool row, live = true;
	enum up_err err = up_db_first(db, UP_SQL_CHAIN, &key, 1, &rows, &row);
	int at = 0;

	*n = 0;
	while (err == UP_OK && row && *n < UP_CHAIN_MAX && !up_db_column_null(rows, at)) {
		take_link(rows, at, &links[(*n)++]);
		live = live && up_db_column_int(rows, at + 3) != 0;
		at += COLUMNS;
	}
	if (err == UP_OK && (*n == 0 || !live ||
	    !up_db_column_null(rows, UP_CHAIN_MAX * COLUMNS)))
		err = UP_E_ROLE;
	up_db_end(&rows);
	return err;
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

enum up_err up_right_chain(struct up_db *db, int64_t edge, const struct up_act_grant *grant,
    struct up_chain **out)
{
	struct up_link links[UP_CHAIN_MAX] = { 0 };
	struct up_span items = { NULL, 0 };
	int64_t start_s = 0;
	size_t n;
	enum up_err err = read_links(db, edge, links, &n);

	*out = NULL;
	if (err == UP_OK && grant != NULL && grant->id != 0) {
		items = grant->items;
		err = up_day_start(grant->to_day, &start_s);
		links[0].until_s = start_s + UP_DAY_S - 1;       /* 23:59:59 */
	}
	if (err != UP_OK)
		return err;
	*out = make(links, n, items);
	return *out != NULL ? UP_OK : UP_E_NOMEM;
}

struct asked { int64_t role; struct up_span item; int64_t now_s; };

/* The grant by which the edge ROLE acts for ITEM; whether its phone lives is not asked. */
static enum up_err find_grant(struct up_db *db, const struct asked *asked,
    struct up_buf *words, struct up_act_grant *grant)
{
	const struct up_db_arg args[] = { up_db_int(asked->role), up_db_text(asked->item) };
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
		    db, UP_SQL_GRANTS_OF_EDGE, args, UP_ARRAY_LEN(args), asked->item, &grants);
	if (err == UP_OK && row) {
		const struct up_authority_ask ask = { .use = UP_USE_LOGIN, .item = asked->item,
			.now_s = asked->now_s, .grants = grants.list, .n_grants = grants.n };

		if (up_authority_may(&ask, &target.edge, &answer) != UP_OK &&
		    (answer.lacks & UP_NEED_GRANT) != 0)
			err = UP_E_ITEM_GRANT;
	}
	if (err == UP_OK)
		err = take_grant(db, &grants, &answer, words, grant);
	free_grants(&grants);
	return err;
}

enum up_err up_store_chain(struct up_store *s, int64_t role, struct up_span item, int64_t now_s,
    struct up_chain **out)
{
	const struct asked asked = { role, item, now_s };
	struct up_act_grant grant = { .id = 0 };
	struct up_buf words = { 0 };
	struct up_db *db;
	enum up_err err = up_tx_take(s, &db);

	*out = NULL;
	if (err != UP_OK)
		return err;
	if (item.n > 0)
		err = find_grant(db, &asked, &words, &grant);
	if (err == UP_OK)
		err = up_right_chain(db, role, &grant, out);
	up_tx_put(s, &db);
	up_buf_free(&words);
	return err;
}

void up_chain_free(struct up_chain **chain)
{
	free(*chain);
	*chain = NULL;
}
