/* SPDX-License-Identifier: Apache-2.0 */
#include "server/holder/change.h"

#include <stdlib.h>
#include <string.h>

#include "core/enrolment.h"
#include "core/hash.h"
#include "core/text.h"
#include "server/login/holder.h"
#include "server/http/metrics.h"
#include "server/store/facts.h"

#define CERTIFICATE_MAX 128
#define KEY_MAX 128

static struct up_op_by *by_of(struct up_change *c)
{
	return (struct up_op_by *)(void *)((char *)c + c->call->by);
}

static void free_change(void *p)
{
	struct up_change *c = p;

	up_op_clear(&by_of(c)->op);
	up_store_roles_free(&c->roles, c->n_roles);
	up_buf_free(&c->again.out);
	up_wipe(c, c->call->size);
	free(c);
}

/* --- what is asked --- */

static void read_key(struct up_request *r, struct up_change *c)
{
	const struct up_span key = r->h.idempotency_key;
	const struct up_span of_key[] = { UP_SPAN_LIT("idempotency key"), key };
	const struct up_span asked[] = { r->method, UP_SPAN_LIT(" "), r->path, UP_SPAN_LIT(" "),
		up_buf_span(&r->body) };
	bool good = r->h.n_idempotency_key == 1 && key.n > 0 && key.n <= KEY_MAX;

	if (r->h.n_idempotency_key == 0)
		return;
	for (size_t i = 0; good && i < key.n; i++)
		good = key.p[i] > ' ' && key.p[i] <= '~';
	if (!good)
		up_body_fault(&c->body, "Idempotency-Key", UP_BODY_KEY);
	else if (up_hash_sha256(of_key, UP_ARRAY_LEN(of_key), c->again.key) != UP_OK ||
	    up_hash_sha256(asked, UP_ARRAY_LEN(asked), c->again.request) != UP_OK)
		c->body.err = UP_E_CRYPTO;
	else
		c->again.device = r->device.id;
}

static bool has_key(const struct up_change *c)
{
	return c->again.device != 0;
}

void *up_change_begin(struct up_request *r, const struct up_change_call *call)
{
	struct up_change *c = calloc(1, call->size);

	if (c == NULL) {
		up_reply_err(r, UP_E_NOMEM);
		return NULL;
	}
	c->call = call;
	by_of(c)->op.kind = call->kind;
	r->state = c;
	r->free_state = free_change;
	c->body = up_body_of(r, NULL);
	up_body_only(&c->body, call->members);
	read_key(r, c);
	up_body_text(&c->body, "certificate", CERTIFICATE_MAX);
	up_body_secret(&c->body, "password", by_of(c)->password, 32);
	return c;
}

/* Of several edges for one certificate, which only users have, any that lives does. */
static enum up_err find_role(struct up_request *r, struct up_change *c)
{
	const struct up_authority_ask ask = { .use = UP_USE_SEE_OWN, .now_s = r->now_ms / 1000,
		.certificate = up_body_text(&c->body, "certificate", CERTIFICATE_MAX) };
	struct up_authority_answer best = { 0 };
	enum up_err err =
	    up_store_roles(r->server->store, r->device.id, &c->roles, &c->n_roles), may;

	for (size_t i = 0; err == UP_OK && i < c->n_roles; i++) {
		if (!up_span_eq_str(ask.certificate, c->roles[i]->certificate))
			continue;
		may = up_authority_consider(&ask, &c->roles[i]->edge, &best);
		if (c->role == NULL || (may == UP_OK && best.edge == &c->roles[i]->edge))
			c->role = c->roles[i];
	}
	return err;
}

bool up_change_ready(struct up_request *r)
{
	struct up_change *c = r->state;
	enum up_err err;

	if (c->body.err != UP_OK) {
		up_body_refuse(r, &c->body);
		return false;
	}
	err = find_role(r, c);
	if (err != UP_OK)
		up_reply_err(r, err);
	return err == UP_OK;
}

struct up_span up_change_ref(const struct up_request *r)
{
	return r->tail.n == UP_STORE_REF ? r->tail : UP_SPAN_LIT("----------------------");
}

/* --- what comes of it --- */

static void put_answer(struct up_op *op, struct up_buf *out)
{
	const struct up_request *r = op->arg;
	const struct up_change *c = r->state;
	struct up_json_put j = { .b = out };

	up_json_put_object(&j, NULL);
	c->call->answer(c, &j);
	up_put_receipt(&j, op);
	up_json_put_end(&j);
}

/* Which member is to blame for what the operation found out. */
static const struct { enum up_err err; const char *member; } blamed[] = {
	{ UP_E_ITEM, "items" },
	{ UP_E_PERIOD_PAST, "from" },
	{ UP_E_PERIOD_SHORT, "to" },
	{ UP_E_PERIOD_LONG, "to" },
	{ UP_E_NO_PERSON, "resident_id" },
};

static void refused(struct up_request *r, struct up_change *c)
{
	const enum up_err err = r->op->err;
	const struct up_outcome_of of = {.role = c->role,
	    .event = c->call->event,
	    .phone = r->device.ref,
	    .phone_ip = r->ip};

	if (err != UP_E_STORE)
		up_metrics_count(UP_METRIC_REFUSED);
	up_holder_password_err(r, &of, by_of(c)->tries_left);
	for (size_t i = 0; i < UP_ARRAY_LEN(blamed); i++)
		if (blamed[i].err == err)
			up_body_refuse_member(r, err, blamed[i].member);
}

static void done(struct up_request *r)
{
	struct up_change *c = r->state;

	if (r->op->err != UP_OK) {
		refused(r, c);
		return;
	}
	if (has_key(c))
		up_buf_put_span(&r->out, up_buf_span(&c->again.out));
	else
		put_answer(r->op, &r->out);
	up_reply(r, "application/json");
}

bool up_change_asked_before(struct up_request *r)
{
	struct up_change *c = r->state;

	return has_key(c) && (up_store_again(r->server->store, &c->again, r->now_ms) != UP_OK ||
	    c->again.found);
}

void up_change_submit(struct up_request *r)
{
	struct up_change *c = r->state;
	struct up_op_by *by = by_of(c);
	struct up_record *rec = &by->op.record;

	by->device = r->device.id;
	by->role = c->role != NULL ? c->role->id : 0;
	up_random_id(c->record_id);
	rec->id = up_span_str(c->record_id);
	up_facts_phone(rec, &r->device, r->ip);
	by->op.refused_by = up_span_str(r->device.ref);
	by->op.proof = r->h.dpop;
	if (has_key(c)) {
		c->again.answer = put_answer;
		c->again.tries = &by->tries_left;
		by->op.again = &c->again;
	}
	up_http_commit(r, &by->op, done);
}

void up_change_go(struct up_request *r)
{
	if (up_change_ready(r))
		up_change_submit(r);
}

/* --- codes --- */

enum up_err up_change_draw(const struct up_request *r, struct up_change_code *out)
{
	const struct up_span text = up_span_of(out->text, sizeof(out->text) - 1);

	up_random_id(out->text);
	out->expires_ms = r->now_ms + UP_ENROLMENT_LIFE_MS;
	return up_hash_sha256(&text, 1, out->hash);
}

void up_change_put_code(struct up_json_put *j, const struct up_change_code *code)
{
	up_json_put_str(j, "code", code->text);
	up_json_put_int(j, "expires", code->expires_ms / 1000);
}
