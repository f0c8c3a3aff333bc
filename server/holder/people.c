/* SPDX-License-Identifier: Apache-2.0
 * /holder/managers and /holder/users: who acts for the unit beside its principal, and who makes
 * them (DOMAIN rules 3-5, 7, 10-14). */
#include <string.h>

#include "core/hash.h"
#include "core/text.h"
#include "server/holder/change.h"
#include "server/holder/list.h"
#include "server/http/check.h"
#include "server/http/limits.h"
#include "server/http/routes.h"
#include "server/login/holder.h"

/* --- lists and details --- */

/* Of a user it says who authorised her, of a manager what she may. */
static void put_edge(struct up_json_put *j, const struct up_people_view *v)
{
	up_json_put_text(j, "status", v->status);
	up_json_put_int(j, "since", v->since_ms / 1000);
	if (v->role == UP_ROLE_MANAGER) {
		up_json_put_bool(j, "may_authorise", v->may_authorise);
		return;
	}
	up_json_put_opt(j, "grantor", v->grantor);
	up_json_put_str(j, "grantor_role", up_authority_role_name(v->grantor_role));
	up_json_put_int(j, "grants", v->grants);
}

static int put_row(void *arg, const struct up_people_view *v)
{
	struct up_list *l = arg;
	struct up_buf mobile = { 0 };

	if (!up_list_row(l, v->number))
		return 1;
	up_person_mask_mobile(&mobile, v->mobile);
	up_json_put_object(&l->j, NULL);
	up_json_put_text(&l->j, "ref", v->ref);
	up_json_put_text(&l->j, "name", v->name);
	up_json_put_text(&l->j, "mobile", up_buf_span(&mobile));
	put_edge(&l->j, v);
	up_json_put_end(&l->j);
	up_buf_free(&mobile);
	return 0;
}

static void list(struct up_request *r, enum up_authority_role which, const char *name)
{
	static const char *const names[] = { "certificate", "before", "limit", NULL };
	static const struct up_list_call call = { .names = names };
	struct up_list l;
	enum up_err err;

	if (!up_list_begin(r, &call, &l))
		return;
	up_json_put_object(&l.j, NULL);
	up_json_put_array(&l.j, name);
	err = up_store_people(r->server->store, l.viewer, which, &l.page, put_row, &l);
	up_json_put_end(&l.j);
	up_list_end(r, &l, err);
}

void up_holder_managers(struct up_request *r)
{
	list(r, UP_ROLE_MANAGER, "managers");
}

void up_holder_users(struct up_request *r)
{
	list(r, UP_ROLE_USER, "users");
}

/* One edge, which the detail begins with; all of them, if there are more, stand in "edges". */
struct detail {
	struct up_list *l;
	struct up_buf edges;
	struct up_json_put j;
	size_t n;
};

static int put_detail(void *arg, const struct up_people_view *v)
{
	struct detail *d = arg;

	if (d->n++ == 0) {
		up_json_put_object(&d->l->j, NULL);
		up_json_put_text(&d->l->j, "ref", v->ref);
		up_json_put_text(&d->l->j, "name", v->name);
		up_json_put_text(&d->l->j, "mobile", v->mobile);
		put_edge(&d->l->j, v);
	}
	up_json_put_object(&d->j, NULL);
	put_edge(&d->j, v);
	up_json_put_end(&d->j);
	return 0;
}

static void detail(struct up_request *r, enum up_authority_role which)
{
	static const char *const names[] = { "certificate", NULL };
	static const struct up_list_call call = { .names = names };
	struct up_list l;
	struct detail d = { .l = &l };
	enum up_err err;

	if (!up_list_begin(r, &call, &l))
		return;
	d.j.b = &d.edges;
	up_json_put_array(&d.j, NULL);
	err = up_store_person(
	    r->server->store, l.viewer, which, up_change_ref(r), put_detail, &d);
	up_json_put_end(&d.j);
	if (d.n > 1)
		up_json_put_raw(&l.j, "edges", up_buf_span(&d.edges));
	up_list_end(r, &l, d.edges.failed ? UP_E_NOMEM : err);
	up_buf_free(&d.edges);
}

void up_holder_manager(struct up_request *r)
{
	detail(r, UP_ROLE_MANAGER);
}

void up_holder_user(struct up_request *r)
{
	detail(r, UP_ROLE_USER);
}

/* --- POST /holder/managers, /holder/users --- */

struct add {
	struct up_change change;
	struct up_op_people_add ask;
	struct up_check check;
	struct up_change_code code;
};

static void put_added(const struct up_change *c, struct up_json_put *j)
{
	const struct add *x = (const void *)c;

	up_json_put_str(j, "ref", x->ask.out_ref);
	up_json_put_str(j, "status", x->ask.out_status);
	if (strcmp(x->ask.out_status, "pending") != 0)
		up_change_put_code(j, &x->code);
}

/* Each check may cost money and patience: per phone that asks, and per person asked about (SECURITY
 * 36). Who she is does not leave this place in the clear. */
static enum up_err spend(struct up_request *r, const struct add *x)
{
	const struct up_span parts[] = { UP_SPAN_LIT("real-name check"),
		up_span_str(x->check.person.resident) };
	uint8_t who[32];
	char hex[32];
	enum up_err err = up_hash_hmac(up_span_of(r->server->nonce_key, 32), parts, 2, who);

	if (err != UP_OK)
		return err;
	up_text_hex(up_span_of(who, 16), hex);
	return up_limits_share(r->server, UP_LIMIT_REALNAME_PHONE, up_span_str(r->device.ref),
	    UP_LIMIT_REALNAME_PERSON, up_span_of(hex, sizeof(hex)), r->now_ms);
}

static void checked(struct up_request *r)
{
	struct add *x = r->state;
	struct up_op_people_add *ask = &x->ask;
	const struct up_person *p = &x->check.person;
	enum up_err err = up_clock_now(r->server, &r->now_ms);   /* it may have taken long */

	if (err == UP_OK)
		err = up_change_draw(r, &x->code);
	if (err != UP_OK) {
		up_reply_err(r, err);
		return;
	}
	ask->named = (struct up_named){
	    up_span_str(p->name), up_span_str(p->resident), up_span_str(p->mobile) };
	ask->outcome = up_span_str(up_realname_name(x->check.answer.outcome));
	ask->assurance = up_span_str(x->check.answer.assurance);
	memcpy(ask->code_hash, x->code.hash, sizeof(ask->code_hash));
	ask->expires_ms = x->code.expires_ms;
	up_change_submit(r);
}

/* Nobody is asked about for one who may not add, who does not know the password, or who repeats
 * what was answered: the operation tells her so. */
static bool is_to_be_asked(struct up_request *r, const struct add *x)
{
	const enum up_authority_use use =
	    x->ask.role == UP_ROLE_MANAGER ? UP_USE_ADD_MANAGER : UP_USE_ADD_USER;
	const struct up_span none = { NULL, 0 };
	bool fits = false;

	return x->change.role != NULL &&
	    up_holder_may(r, x->change.role, use, none) == UP_OK &&
	    up_store_password_fits(
		r->server->store, r->device.id, x->ask.by.password, &fits) == UP_OK && fits &&
	    !up_change_asked_before(r);
}

static void check(struct up_request *r, struct add *x)
{
	enum up_err err;

	if (!is_to_be_asked(r, x)) {
		x->check.answer.assurance = "formats";
		checked(r);
		return;
	}
	err = spend(r, x);
	if (err == UP_OK)
		up_http_check(r, &x->check, checked);
	else
		up_reply_err(r, err);
}

static void add(struct up_request *r, const struct up_change_call *call,
    enum up_authority_role role)
{
	struct add *x = up_change_begin(r, call);

	if (x == NULL)
		return;
	x->ask.role = role;
	x->ask.may_authorise = role == UP_ROLE_MANAGER &&
	    up_body_flag(&x->change.body, "may_authorise", true);
	up_body_person(&x->change.body, &x->check.person);
	if (up_change_ready(r))
		check(r, x);
}

void up_holder_manager_add(struct up_request *r)
{
	static const char *const members[] = {
	    "certificate", "password", "person", "may_authorise", NULL };
	static const struct up_change_call call = { UP_OP_PEOPLE_ADD, "people.add",
		sizeof(struct add), offsetof(struct add, ask), members, put_added };

	add(r, &call, UP_ROLE_MANAGER);
}

void up_holder_user_add(struct up_request *r)
{
	static const char *const members[] = { "certificate", "password", "person", NULL };
	static const struct up_change_call call = { UP_OP_PEOPLE_ADD, "people.add",
		sizeof(struct add), offsetof(struct add, ask), members, put_added };

	add(r, &call, UP_ROLE_USER);
}

/* --- POST .../{ref}/code --- */

static const char *const plain_members[] = { "certificate", "password", NULL };

struct code {
	struct up_change change;
	struct up_op_people_code ask;
	struct up_change_code code;
};

static void put_code(const struct up_change *c, struct up_json_put *j)
{
	up_change_put_code(j, &((const struct code *)(const void *)c)->code);
}

static void code(struct up_request *r, enum up_authority_role role)
{
	static const struct up_change_call call = { UP_OP_PEOPLE_CODE, "people.code",
		sizeof(struct code), offsetof(struct code, ask), plain_members, put_code };
	struct code *x = up_change_begin(r, &call);
	enum up_err err;

	if (x == NULL)
		return;
	err = up_change_draw(r, &x->code);
	if (err != UP_OK)
		x->change.body.err = err;
	x->ask.role = role;
	x->ask.ref = up_change_ref(r);
	memcpy(x->ask.code_hash, x->code.hash, sizeof(x->ask.code_hash));
	x->ask.expires_ms = x->code.expires_ms;
	up_change_go(r);
}

void up_holder_manager_code(struct up_request *r)
{
	code(r, UP_ROLE_MANAGER);
}

void up_holder_user_code(struct up_request *r)
{
	code(r, UP_ROLE_USER);
}

/* --- POST .../{ref}/delete --- */

struct delete {
	struct up_change change;
	struct up_op_people_delete ask;
};

static void put_ended(const struct up_change *c, struct up_json_put *j)
{
	const struct up_op_people_delete *ask = &((const struct delete *)(const void *)c)->ask;

	up_json_put_array(j, "ended");
	for (size_t i = 0; i < ask->out_n; i++) {
		up_json_put_object(j, NULL);
		up_json_put_str(j, "ref", ask->out_ended[i].ref);
		up_json_put_str(j, "role", up_authority_role_name(ask->out_ended[i].role));
		up_json_put_end(j);
	}
	up_json_put_end(j);
}

static void delete(struct up_request *r, enum up_authority_role role)
{
	static const struct up_change_call call = { UP_OP_PEOPLE_DELETE, "people.delete",
		sizeof(struct delete), offsetof(struct delete, ask), plain_members, put_ended };
	struct delete *x = up_change_begin(r, &call);

	if (x == NULL)
		return;
	x->ask.role = role;
	x->ask.ref = up_change_ref(r);
	up_change_go(r);
}

void up_holder_manager_delete(struct up_request *r)
{
	delete(r, UP_ROLE_MANAGER);
}

void up_holder_user_delete(struct up_request *r)
{
	delete(r, UP_ROLE_USER);
}
