/* SPDX-License-Identifier: Apache-2.0
 * /holder/grants: what users may do, from when to when, given and taken back (rules 15-20). */
#include <string.h>

#include "core/day.h"
#include "server/holder/change.h"
#include "server/holder/list.h"
#include "server/http/routes.h"

#define ITEM_MAX 64
#define REF_MAX 64

/* --- lists and details --- */

static int64_t since_ms(const struct up_grant_view *v)
{
	return v->live_ms != 0 ? v->live_ms : v->created_ms;
}

/* What the calendar ended, no job does (rule 18). */
static struct up_span status_of(const struct up_list *l, const struct up_grant_view *v)
{
	return v->to_day < l->q.today ? UP_SPAN_LIT("ended") : v->status;
}

static void put_grant(struct up_list *l, const struct up_grant_view *v)
{
	struct up_json_put *j = &l->j;

	up_json_put_object(j, NULL);
	up_json_put_text(j, "grant", v->ref);
	up_json_put_text(j, "user", v->user);
	up_json_put_text(j, "name", v->name);
	up_json_put_text(j, "grantor", v->grantor);
	up_json_put_str(j, "grantor_role", up_authority_role_name(v->grantor_role));
	up_list_put_words(j, "items", v->items);
	up_list_put_day(j, "from", v->from_day);
	up_list_put_day(j, "to", v->to_day);
	up_json_put_text(j, "status", status_of(l, v));
	up_json_put_int(j, "since", since_ms(v) / 1000);
	if (v->ended_ms != 0)
		up_json_put_int(j, "ended", v->ended_ms / 1000);
}

static int put_row(void *arg, const struct up_grant_view *v)
{
	struct up_list *l = arg;

	if (!up_list_row(l, v->number))
		return 1;
	put_grant(l, v);
	up_json_put_end(&l->j);
	return 0;
}

void up_holder_grants(struct up_request *r)
{
	static const char *const names[] = { "certificate", "user", "before", "limit", NULL };
	static const struct up_list_call call = { .names = names, .users = true };
	struct up_grant_filter filter = { 0 };
	struct up_list l;
	enum up_err err;

	if (!up_list_begin(r, &call, &l))
		return;
	filter.user = up_body_text_opt(&l.q, "user", REF_MAX);
	up_json_put_object(&l.j, NULL);
	up_json_put_array(&l.j, "grants");
	err = l.q.err;
	if (err == UP_OK)
		err = up_store_grants(
		    r->server->store, l.viewer, &filter, &l.page, put_row, &l);
	up_json_put_end(&l.j);
	up_list_end(r, &l, err);
}

static int put_detail(void *arg, const struct up_grant_view *v)
{
	put_grant(arg, v);
	return 1;
}

void up_holder_grant(struct up_request *r)
{
	static const char *const names[] = { "certificate", NULL };
	static const struct up_list_call call = { .names = names, .users = true };
	const struct up_grant_filter filter = { .grant = up_change_ref(r) };
	struct up_list l;
	enum up_err err;

	if (!up_list_begin(r, &call, &l))
		return;
	err = up_store_grants(r->server->store, l.viewer, &filter, &l.page, put_detail, &l);
	up_list_end(r, &l, err);
}

/* --- POST /holder/grants --- */

struct grants {
	struct up_change change;
	struct up_op_grant_add ask;
	struct up_span users[UP_GRANT_USERS_MAX], items[UP_GRANT_ITEMS_MAX];
	struct up_change_code codes[UP_GRANT_USERS_MAX];
	uint8_t hashes[UP_GRANT_USERS_MAX][32];
};

static void put_given(const struct up_change *c, struct up_json_put *j)
{
	const struct grants *x = (const void *)c;

	up_json_put_array(j, "grants");
	for (size_t i = 0; i < x->ask.n_users; i++) {
		const struct up_granted *g = &x->ask.out_grants[i];

		up_json_put_object(j, NULL);
		up_json_put_str(j, "grant", g->grant);
		up_json_put_text(j, "user", x->users[i]);
		up_json_put_str(j, "status", g->status);
		if (strcmp(g->status, "pending") != 0)
			up_change_put_code(j, &x->codes[i]);
		up_json_put_end(j);
	}
	up_json_put_end(j);
}

static enum up_err draw(struct up_request *r, struct grants *x)
{
	enum up_err err = UP_OK;

	for (size_t i = 0; err == UP_OK && i < x->ask.n_users; i++) {
		err = up_change_draw(r, &x->codes[i]);
		memcpy(x->hashes[i], x->codes[i].hash, sizeof(x->hashes[i]));
		x->ask.expires_ms = x->codes[i].expires_ms;
	}
	return err;
}

void up_holder_grant_add(struct up_request *r)
{
	static const char *const members[] = {
	    "certificate", "password", "users", "items", "from", "to", NULL };
	static const struct up_change_call call = { UP_OP_GRANT_ADD, "grant.add",
		sizeof(struct grants), offsetof(struct grants, ask), members, put_given };
	static const struct up_body_list users = { "users", UP_GRANT_USERS_MAX, REF_MAX, true },
	    items = { "items", UP_GRANT_ITEMS_MAX, ITEM_MAX, false };
	struct grants *x = up_change_begin(r, &call);
	struct up_body_reader *b;

	if (x == NULL)
		return;
	b = &x->change.body;
	x->ask.n_users = up_body_list(b, &users, x->users);
	x->ask.n_items = up_body_list(b, &items, x->items);
	x->ask.from_day = up_body_day(b, "from");
	x->ask.to_day = up_body_day(b, "to");
	if (b->err == UP_OK)
		b->err = draw(r, x);
	x->ask.users = x->users;
	x->ask.items = x->items;
	x->ask.code_hashes = (const uint8_t (*)[32])x->hashes;
	up_change_go(r);
}

/* --- POST /holder/grants/{grant}/cancel --- */

struct cancel {
	struct up_change change;
	struct up_op_grant_cancel ask;
};

static void put_cancelled(const struct up_change *c, struct up_json_put *j)
{
	const struct cancel *x = (const void *)c;

	up_json_put_text(j, "grant", x->ask.grant);
	up_json_put_str(j, "status", "ended");
}

void up_holder_grant_cancel(struct up_request *r)
{
	static const char *const members[] = { "certificate", "password", NULL };
	static const struct up_change_call call = { UP_OP_GRANT_CANCEL, "grant.cancel",
		sizeof(struct cancel), offsetof(struct cancel, ask), members, put_cancelled };
	struct cancel *x = up_change_begin(r, &call);

	if (x == NULL)
		return;
	x->ask.grant = up_change_ref(r);
	up_change_go(r);
}
