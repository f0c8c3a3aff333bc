/* SPDX-License-Identifier: Apache-2.0
 * Grants of items to users: given, taken with a code, cancelled (rules 15-18). */
#include <stdlib.h>
#include <string.h>

#include "core/day.h"
#include "core/grant.h"
#include "core/json_put.h"
#include "core/room.h"
#include "server/store/edge.h"

/* --- what records say of one --- */

/* Whoever logs in under a grant has it in two records. */
static void put_day(char out[10], uint32_t day)
{
	for (int i = 9; i >= 0; i--) {
		if (i == 4 || i == 7) {
			out[i] = '-';
			continue;
		}
		out[i] = (char)('0' + day % 10);
		day /= 10;
	}
}

static void set_period(struct up_act_grant *g)
{
	put_day(g->period, g->from_day);
	g->period[10] = '/';
	put_day(g->period + 11, g->to_day);
	g->period[21] = '\0';
}

void up_edge_fill_grant(struct up_record *r, const struct up_act_grant *g)
{
	r->grant = up_span_str(g->ref);
	r->grantor = up_span_str(g->grantor);
	r->items = g->items;
	r->period = up_span_str(g->period);
}

/* REF, NAME: of the user; may be empty. */
static void put_state(struct up_buf *b, const char *status, const char *ref, const char *name)
{
	struct up_json_put j = { .b = b };

	up_json_put_object(&j, NULL);
	up_json_put_opt(&j, "ref", up_span_str(ref));
	up_json_put_opt(&j, "name", up_span_str(name));
	up_json_put_str(&j, "status", status);
	up_json_put_end(&j);
}

void up_edge_grant_row(const struct up_db_rows *rows, struct up_act_grant *g)
{
	memset(g, 0, sizeof(*g));
	g->id = up_db_column_int(rows, 0);
	g->edge = up_db_column_int(rows, 1);
	g->from_day = (uint32_t)up_db_column_int(rows, 2);
	g->to_day = (uint32_t)up_db_column_int(rows, 3);
	up_rows_copy_ref(rows, 5, g->grantor);
	up_rows_copy_ref(rows, 6, g->ref);
	set_period(g);
}

/* --- up_op_grant_add --- */

struct one {                             /* who is given it */
	int64_t edge, holder;            /* edge 0: she has none by this grantor yet */
	bool confirmed;
	char ref[UP_STORE_REF + 1], masked[64];
};

struct give {
	struct up_op_grant_add *ask;
	struct up_act *a;
	struct one users[UP_GRANT_USERS_MAX];
	struct up_span items;            /* space-separated */
};

static bool has_twice(const struct up_span *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			if (up_span_eq(list[i], list[k]))
				return true;
	return false;
}

static bool is_asked_well(const struct up_op_grant_add *ask)
{
	return ask->n_users > 0 && ask->n_users <= UP_GRANT_USERS_MAX && ask->n_items > 0 &&
	       ask->n_items <= UP_GRANT_ITEMS_MAX && !has_twice(ask->users, ask->n_users) &&
	       !has_twice(ask->items, ask->n_items) && ask->expires_ms > ask->by.op.now_ms;
}

/* Her edge by this grantor; else by a manager of the same unit, beside which the principal makes
 * one of her own. */
static enum up_err find_user(struct give *g, struct up_span ref, struct one *out)
{
	const struct up_edge_asked asked = {
	    UP_USE_GRANT, UP_SQL_EDGES_OF_REF, up_db_text(ref), UP_ROLE_USER};
	struct up_rows_target targets[UP_EDGE_TARGETS];
	size_t n;
	enum up_err err = up_edge_targets(g->a, &asked, targets, UP_EDGE_TARGETS, &n);

	for (size_t i = 0; i < n; i++) {
		const struct up_rows_target *t = &targets[i];

		if (t->edge.grantor == g->a->found.role->edge.id)
			out->edge = t->edge.id;
		out->holder = t->edge.holder;
		out->confirmed = t->edge.person_confirmed;
		memcpy(out->ref, t->ref, sizeof(out->ref));
		memcpy(out->masked, t->masked, sizeof(out->masked));
	}
	return err;
}

static enum up_err find_users(struct give *g)
{
	enum up_err err = UP_OK;

	for (size_t i = 0; err == UP_OK && i < g->ask->n_users; i++)
		err = find_user(g, g->ask->users[i], &g->users[i]);
	return err;
}

static enum up_err check_items(struct give *g)
{
	struct up_buf *words = up_act_buffer(g->a);
	bool known = true;
	enum up_err err = UP_OK;

	for (size_t i = 0; err == UP_OK && known && i < g->ask->n_items; i++) {
		err = up_act_exists(
		    g->a, UP_SQL_ITEM_GRANTABLE, g->ask->items[i], &known, NULL);
		if (i > 0)
			up_buf_put_char(words, ' ');
		up_buf_put_span(words, g->ask->items[i]);
	}
	up_act_judge(g->a, known, UP_E_ITEM);
	g->items = up_buf_span(words);
	return err;
}

static enum up_err add_edge(struct give *g, struct one *user)
{
	struct up_edge_change change = { .event = "people.add" };
	const struct up_db_arg args[] = {
	    up_db_int(user->holder),
	    up_db_int(g->a->found.unit),
	    up_db_text(UP_SPAN_LIT("user")),
	    up_db_int(g->a->op->now_ms),
	    up_db_int(g->a->found.role->edge.id),
	    up_db_int(1),
	};
	struct up_buf after = { 0 };
	enum up_err err =
	    up_db_add(g->a->tx->db, UP_SQL_EDGE_ADD, args, UP_ARRAY_LEN(args), &user->edge);

	put_state(&after, user->confirmed ? "waiting" : "pending", user->ref, user->masked);
	change.after = up_buf_span(&after);
	if (err == UP_OK)
		err = after.failed ? UP_E_NOMEM : up_edge_record(g->a, &change);
	up_buf_free(&after);
	return err;
}

static enum up_err add_rows(struct give *g, const struct one *user, struct up_act_grant *grant)
{
	const struct up_db_arg args[] = {
	    up_db_text(up_span_str(grant->ref)),
	    up_db_int(user->edge),
	    up_db_int(g->a->found.unit),
	    up_db_int(g->a->found.role->edge.id),
	    up_db_int(grant->from_day),
	    up_db_int(grant->to_day),
	    up_db_int(g->a->op->now_ms),
	};
	enum up_err err =
	    up_db_add(g->a->tx->db, UP_SQL_GRANT_ADD, args, UP_ARRAY_LEN(args), &grant->id);

	for (size_t i = 0; err == UP_OK && i < g->ask->n_items; i++) {
		const struct up_db_arg item[] = {
		    up_db_int(grant->id), up_db_text(g->ask->items[i])};

		err = up_db_run_one(
		    g->a->tx->db, UP_SQL_GRANT_ITEM_ADD, item, UP_ARRAY_LEN(item));
	}
	return err;
}

/* The code's hash is the grant's record's, so that one finds the other. */
static enum up_err add_code(struct give *g, size_t i, const struct up_act_grant *grant)
{
	const struct up_edge_code code = { .edge = g->users[i].edge, .grant = grant->id,
		.hash = g->ask->code_hashes[i], .expires_ms = g->ask->expires_ms };

	g->a->record.code_hash = (struct up_span){ NULL, 0 };
	if (!g->users[i].confirmed)
		return UP_OK;
	up_act_fill_code(g->a, code.hash);
	return up_edge_put_code(g->a, &code);
}

static enum up_err give_one(struct give *g, size_t i)
{
	struct one *user = &g->users[i];
	struct up_granted *out = &g->ask->out_grants[i];
	struct up_act_grant grant = { .from_day = g->ask->from_day, .to_day = g->ask->to_day,
		.items = g->items };
	struct up_edge_change change = { .event = "grant.add", .grant = &grant,
		.last = i + 1 == g->ask->n_users };
	struct up_buf after = { 0 };
	enum up_err err = up_tx_draw(grant.ref);

	set_period(&grant);
	memcpy(grant.grantor, g->a->found.role->ref, sizeof(grant.grantor));
	if (err == UP_OK && user->edge == 0)
		err = add_edge(g, user);
	if (err == UP_OK)
		err = add_rows(g, user, &grant);
	if (err == UP_OK)
		err = add_code(g, i, &grant);
	memcpy(out->grant, grant.ref, sizeof(out->grant));
	out->status = user->confirmed ? "waiting" : "pending";
	put_state(&after, out->status, user->ref, user->masked);
	change.after = up_buf_span(&after);
	if (err == UP_OK)
		err = after.failed ? UP_E_NOMEM : up_edge_record(g->a, &change);
	up_buf_free(&after);
	return err;
}

static enum up_err judge_grant(struct give *g)
{
	enum up_err err = up_edge_actor(g->a);

	up_edge_may(g->a, UP_USE_GRANT);
	if (err == UP_OK)
		err = find_users(g);
	if (err == UP_OK)
		err = up_edge_password(g->a);
	if (err == UP_OK && g->a->merit == UP_OK)
		g->a->merit = up_grant_period(g->ask->from_day, g->ask->to_day,
		    up_day_number(g->a->op->now_ms / 1000));
	if (err == UP_OK && g->a->merit == UP_OK)
		err = check_items(g);
	return err;
}

enum up_err up_act_grant_add(struct up_act *a)
{
	struct give g = { .ask = (void *)a->op, .a = a };
	enum up_err err;

	if (!is_asked_well(g.ask)) {
		a->merit = UP_E_REQUEST;
		a->told = true;
		return UP_OK;
	}
	err = judge_grant(&g);
	if (err != UP_OK || a->merit != UP_OK)
		return err;
	a->told = true;
	for (size_t i = 0; err == UP_OK && i < g.ask->n_users; i++)
		err = give_one(&g, i);
	return err;
}

/* --- with a code (rule 17) --- */

static enum up_err take_one(struct up_act *a, struct up_act_grant *g, struct up_buf *words)
{
	struct up_edge_change change = { .event = "grant.take", .grant = g,
		.before = UP_SPAN_LIT("{\"status\":\"waiting\"}"),
		.after = UP_SPAN_LIT("{\"status\":\"live\"}") };
	const uint32_t today = up_day_number(a->op->now_ms / 1000);
	enum up_err err;

	if (up_grant_begin(&g->from_day, g->to_day, today) != UP_OK)
		return UP_OK;            /* it stays as it is: nobody takes it any more */

	const struct up_db_arg args[] = {
	    up_db_int(g->id), up_db_int(g->from_day), up_db_int(a->op->now_ms)};

	set_period(g);
	err = up_db_run_one(a->tx->db, UP_SQL_GRANT_TAKE, args, UP_ARRAY_LEN(args));
	if (err == UP_OK)
		err = up_rows_words(a->tx->db, UP_SQL_GRANT_ITEMS, args[0], words);
	g->items = up_buf_span(words);
	return err == UP_OK ? up_edge_record(a, &change) : err;
}

struct waiting { struct up_act_grant *list; size_t n, cap; };

static enum up_err gather(struct up_act *a, const struct up_edge_take *take, struct waiting *w)
{
	const struct up_db_arg args[] = {
	    up_db_int(take->edge), up_db_int(take->grant), up_db_int(take->made_ms)};
	struct up_db_rows *rows;
	bool row;
	enum up_err err = up_db_first(
	    a->tx->db, UP_SQL_GRANTS_WAITING, args, UP_ARRAY_LEN(args), &rows, &row);

	while (err == UP_OK && row) {
		struct up_act_grant *more = up_room(w->list, w->n, &w->cap, sizeof(*more));

		if (more == NULL) {
			err = UP_E_NOMEM;
			break;
		}
		w->list = more;
		up_edge_grant_row(rows, &w->list[w->n++]);
		err = up_db_next(rows, &row);
	}
	up_db_end(&rows);
	return err;
}

enum up_err up_edge_take_grants(struct up_act *a, const struct up_edge_take *take)
{
	const struct up_db_arg edge = up_db_int(take->edge);
	struct up_buf words = { 0 };
	struct waiting w = { 0 };
	enum up_err err = gather(a, take, &w);

	for (size_t i = 0; err == UP_OK && i < w.n; i++)
		err = take_one(a, &w.list[i], &words);
	if (err == UP_OK)
		err = up_db_run(a->tx->db, UP_SQL_GRANT_CODES_END, &edge, 1, NULL);
	free(w.list);
	up_buf_free(&words);
	return err;
}

/* --- up_op_grant_cancel --- */

static enum up_err find_grant(
    struct up_act *a, struct up_span ref, struct up_act_grant *g, bool *ended)
{
	const struct up_db_arg key = up_db_text(ref);
	struct up_db_rows *rows;
	bool row;
	enum up_err err = up_db_first(a->tx->db, UP_SQL_GRANT_BY_REF, &key, 1, &rows, &row);

	memset(g, 0, sizeof(*g));
	if (err == UP_OK && row) {
		up_edge_grant_row(rows, g);
		*ended = up_span_eq_str(up_db_column(rows, 4), "ended");
		a->record.before = up_act_word(a, "status", up_db_column(rows, 4));
	}
	up_db_end(&rows);
	return err;
}

static enum up_err cancel(struct up_act *a, struct up_act_grant *g)
{
	const struct up_db_arg args[] = { up_db_int(g->id), up_db_int(a->op->now_ms) };
	const struct up_db_arg edge = up_db_int(g->edge);
	struct up_buf *words = up_act_buffer(a);
	enum up_err err = up_db_run_one(a->tx->db, UP_SQL_GRANT_CANCEL, args, UP_ARRAY_LEN(args));

	if (err == UP_OK)
		err = up_db_run(a->tx->db, UP_SQL_GRANT_CODES_END, &edge, 1, NULL);
	if (err == UP_OK)
		err = up_rows_words(a->tx->db, UP_SQL_GRANT_ITEMS, args[0], words);
	g->items = up_buf_span(words);
	return err;
}

/* Of a grant that she may not know, the record says no more than what she asked for. */
static void note_grant(
    struct up_act *a, const struct up_act_grant *g, const struct up_rows_target *user)
{
	struct up_buf *after = up_act_buffer(a);

	put_state(after, "ended", user->ref, user->masked);
	a->record.after = up_buf_span(after);
	a->record.grant = up_act_keep(a, up_span_str(g->ref));
	a->record.grantor = up_act_keep(a, up_span_str(g->grantor));
	a->record.period = up_act_keep(a, up_span_str(g->period));
	a->record.items = g->items;
}

enum up_err up_act_grant_cancel(struct up_act *a)
{
	const struct up_op_grant_cancel *ask = (void *)a->op;
	struct up_edge_asked asked = { UP_USE_CANCEL, UP_SQL_EDGE, up_db_int(0), UP_ROLE_USER };
	struct up_rows_target user;
	struct up_act_grant g;
	bool ended = false;
	size_t n = 0;
	enum up_err err = up_edge_actor(a);

	if (err == UP_OK)
		err = find_grant(a, ask->grant, &g, &ended);
	asked.key = up_db_int(err == UP_OK ? g.edge : 0);
	if (err == UP_OK)
		err = up_edge_targets(a, &asked, &user, 1, &n);
	if (err == UP_OK)
		err = up_edge_password(a);
	up_act_judge(a, !ended, UP_E_STATE);
	if (err == UP_OK && a->merit == UP_OK)
		err = cancel(a, &g);
	if (n == 0)
		a->record.before = (struct up_span){ NULL, 0 };
	if (err == UP_OK && n > 0)
		note_grant(a, &g, &user);
	return err;
}
