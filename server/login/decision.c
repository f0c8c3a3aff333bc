/* SPDX-License-Identifier: Apache-2.0
 * POST /holder/decisions: approve, deny, or "I did not start this". The decision stands in the
 * proof, so that one signature covers the key and all that was shown (SECURITY 7, 9). Recorded
 * before it is answered, and before a token can be had. */
#include <stdlib.h>
#include <string.h>

#include "core/dpop.h"
#include "core/text.h"
#include "server/login/holder.h"
#include "server/http/limits.h"
#include "server/login/outcome.h"
#include "server/login/record.h"
#include "server/store/people.h"
#include "server/http/metrics.h"
#include "server/http/routes.h"

struct decision {
	struct up_op_decide write;
	struct up_op_record lost;        /* what was approved and did not come about */
	const struct up_login_info *info;
	struct up_decision got;          /* borrowed from the proof */
	bool not_mine;
	char frame[16];
	int64_t deadline_ms;
	struct up_role *role;            /* borrowed from roles */
	struct up_role **roles;
	size_t n_roles;
	char record_id[23];
};

static void free_decision(void *p)
{
	struct decision *x = p;

	up_op_clear(&x->write.op);
	up_live_info_unref(&x->info);
	up_store_roles_free(&x->roles, x->n_roles);
	free(x);
}

/* --- what is asked --- */

static enum up_err read_request(struct up_request *r, struct decision *x)
{
	static const char *const members[] = { "transaction", "password", NULL };
	struct up_span transaction, password;
	enum up_err err;

	err = up_json_only(r->json, members);
	if (err == UP_OK)
		err = up_json_text(r->json, "transaction", UP_LIVE_ID, &transaction);
	if (err == UP_OK)
		err = up_json_text_opt(r->json, "password", 43, &password);
	if (err == UP_OK)
		err = up_decision_parse(r->proof->jwt.claims, &x->got);
	if (err != UP_OK)
		return err;
	x->write.approve = up_span_eq_str(x->got.decision, "approve");
	x->not_mine = up_span_eq_str(x->got.decision, "not_mine");
	if (!x->write.approve && !x->not_mine && !up_span_eq_str(x->got.decision, "deny"))
		return UP_E_PROOF;
	if (transaction.n != UP_LIVE_ID || !up_span_eq(transaction, x->got.transaction))
		return UP_E_PROOF;
	if (!x->write.approve)
		return UP_OK;
	return up_text_b64url_fixed(password, x->write.password, sizeof(x->write.password)) == UP_OK
		   ? UP_OK
		   : UP_E_REQUEST;
}

/* --- does it fit what the server knows --- */

/* Over the roles that this phone holds of the certificate: of ROLE, or of whichever when it is
 * empty. */
static enum up_err consider(
    const struct up_authority_ask *ask, struct decision *x, struct up_span role)
{
	struct up_authority_answer best = { 0 };
	enum up_err err = UP_E_ROLE;

	for (size_t i = 0; i < x->n_roles; i++) {
		if (role.n > 0 && !up_span_eq_str(role, x->roles[i]->role))
			continue;
		err = up_authority_consider(ask, &x->roles[i]->edge, &best);
		if (best.edge == &x->roles[i]->edge)
			x->role = x->roles[i];
	}
	return err;
}

/* Only users need one (rule 20). *OUT is the caller's: free(). */
static enum up_err read_grants(const struct up_request *r, const struct decision *x,
    struct up_authority_grant **out, size_t *n)
{
	bool needed = false;

	*out = NULL;
	*n = 0;
	for (size_t i = 0; i < x->n_roles && x->info->item.n > 0; i++)
		needed = needed || x->roles[i]->edge.role == UP_ROLE_USER;
	return needed ? up_store_grants_for(r->server->store, r->device.id, x->info->item, out, n)
		      : UP_OK;
}

/* The edge by which she acts: the one that she named, else the nearest to it, so that a decision
 * over something else is told from one by nobody. */
static enum up_err find_role(struct up_request *r, struct decision *x)
{
	struct up_authority_ask ask = { .use = UP_USE_LOGIN, .certificate = x->got.certificate,
		.item = x->info->item, .now_s = r->now_ms / 1000 };
	struct up_authority_grant *grants = NULL;
	enum up_err err = up_store_roles(r->server->store, r->device.id, &x->roles, &x->n_roles);

	if (err == UP_OK)
		err = read_grants(r, x, &grants, &ask.n_grants);
	if (err != UP_OK)
		return err;
	ask.grants = grants;
	err = consider(&ask, x, x->got.role);
	if (x->role == NULL)
		err = consider(&ask, x, (struct up_span){ NULL, 0 });
	free(grants);
	/* One who may not act may still refuse. */
	if (x->role != NULL && !x->write.approve)
		err = up_holder_may(r, x->role, UP_USE_DECLINE, x->info->item);
	return err;
}

static enum up_err check(struct up_request *r, struct decision *x)
{
	const struct up_client *c = up_catalogue_client(r->catalogue, x->info->client);
	struct up_decision want;
	enum up_err err;

	if (c == NULL)
		return UP_E_ROLE;
	err = find_role(r, x);
	if (err != UP_OK)
		return err;
	want = (struct up_decision) {
		.transaction = up_span_str(x->info->id),
		.client = x->info->client,
		.origin = up_span_str(c->origin),
		.issuer = up_span_str(r->server->config->issuer),
		.unit = up_span_str(x->role->unit_code),
		.certificate = up_span_str(x->role->certificate),
		.role = up_span_str(x->role->role),
		.item = x->info->item,
		.nonce = up_span_str(x->info->challenge),
		.frame = up_span_str(x->frame),
		.exp = x->deadline_ms / 1000,
	};
	return up_decision_match(&x->got, &want, r->now_ms / 1000);
}

/* --- what comes of it --- */

static void answer(struct up_request *r, const struct decision *x)
{
	struct up_json_put j = { .b = &r->out };

	up_json_put_object(&j, NULL);
	up_json_put_str(&j, "state", x->write.approve ? "approved" : "denied");
	up_put_receipt(&j, &x->write.op);
	up_json_put_end(&j);
	up_reply(r, "application/json");
}

static void punish(struct up_request *r, const struct decision *x)
{
	char client[101], who[160];

	if (x->info->initiator_ip.n == 0)
		return;
	snprintf(client, sizeof(client), "%.*s", (int)x->info->client.n,
	    (const char *)x->info->client.p);
	up_limits_source_of(client, x->info->initiator_ip, who);
	up_limits_punish(r->server, UP_LIMIT_START_SOURCE, up_span_str(who), r->now_ms);
}

static struct up_outcome_of told(const struct up_request *r, const struct decision *x)
{
	return (struct up_outcome_of){.info = x->info,
	    .role = x->role,
	    .event = x->write.approve ? "login.approve" : "login.deny",
	    .reason = x->not_mine ? "not_mine" : NULL,
	    .phone = r->device.ref,
	    .phone_ip = r->ip,
	    .now_ms = r->now_ms};
}

static enum up_err why_lost(const struct decision *x)
{
	return x->write.op.unsure ? UP_E_STORE : UP_E_LIVE;
}

static void given_up(struct up_request *r)
{
	const struct decision *x = r->state;

	up_login_note(x->lost.op.err, "given_up_unrecorded", x->info);
	up_reply_err(r, why_lost(x));
}

/* Her approval is on record, or whatever she decided may be, and did not come about: so is that,
 * if it is sure (live.h). */
static void give_up(struct up_request *r, struct decision *x)
{
	struct up_outcome_of of = told(r, x);
	struct up_record *rec = &x->lost.op.record;
	enum up_err err = up_live_give_up(r->server->live, x->info->id, r->now_ms);

	if (err != UP_OK) {
		up_login_note(err, "approval_unsure", x->info);
		up_reply_err(r, why_lost(x));
		return;
	}
	of.reason = up_err_name(why_lost(x));
	up_outcome_tell(UP_OUTCOME_EXPIRED, &of);
	up_login_record(rec, r->catalogue, x->info, "login.expire", x->record_id);
	rec->result = UP_SPAN_LIT("expired");
	rec->reason = up_span_str(of.reason);
	x->lost.op.kind = UP_OP_RECORD;
	x->lost.device = x->write.device;
	x->lost.role = x->write.role;
	up_http_commit(r, &x->lost.op, given_up);
}

static void approved(struct up_request *r, struct decision *x)
{
	const struct up_live_approval approval = { .role = x->write.out_role->id,
		.grant = x->write.out_grant, .auth_ms = r->now_ms };
	enum up_err err =
	    up_live_decide_approve(r->server->live, x->info->id, &approval, r->now_ms);

	if (err != UP_OK) {
		up_login_note(err, "approval_lost", x->info);
		give_up(r, x);
		return;
	}
	up_metrics_count(UP_METRIC_APPROVED);
	answer(r, x);
}

/* What is not approved is never redeemed: her word stands, whatever live says. */
static void denied(struct up_request *r, const struct decision *x)
{
	const struct up_outcome_of of = told(r, x);
	struct up_live *live = r->server->live;
	const char *id = x->info->id;

	if (up_live_decide_deny(live, id, r->now_ms) != UP_OK)
		up_login_note(up_live_give_up(live, id, r->now_ms), "denial_lost", x->info);
	up_metrics_count(UP_METRIC_DENIED);
	up_outcome_tell(x->not_mine ? UP_OUTCOME_NOT_MINE : UP_OUTCOME_DENIED, &of);
	if (x->not_mine)
		punish(r, x);
	answer(r, x);
}

static void undo(struct up_request *r, const struct decision *x)
{
	up_login_note(up_live_decide_undo(r->server->live, x->info->id, r->now_ms),
	    "decision_not_undone", x->info);
}

static void decided(struct up_request *r)
{
	struct decision *x = r->state;
	const struct up_outcome_of of = told(r, x);

	if (x->write.op.err == UP_OK && x->write.approve) {
		approved(r, x);
	} else if (x->write.op.err == UP_OK) {
		denied(r, x);
	} else if (x->write.op.unsure) {
		give_up(r, x);
	} else {
		undo(r, x);
		up_holder_password_err(r, &of, x->write.tries_left);
	}
}

static void submit(struct up_request *r, struct decision *x)
{
	struct up_op_decide *d = &x->write;
	struct up_record *rec = &d->op.record;

	up_login_record(rec, r->catalogue, x->info, d->approve ? "login.approve" : "login.deny",
	    x->record_id);
	/* What the record says is what became of the login, not that her answer was taken. */
	if (!d->approve)
		rec->result = UP_SPAN_LIT("refused");
	if (x->not_mine)
		rec->reason = UP_SPAN_LIT("not_mine");
	up_facts_phone(rec, &r->device, r->ip);
	d->op.proof = r->h.dpop;
	d->device = r->device.id;
	d->role = x->role->id;
	d->item = x->info->item;
	if (d->approve)                          /* who declines does it once: always recorded */
		d->op.refused_by = up_holder_refused_by(r, x->info);
	up_http_commit(r, &d->op, decided);
}

/* The step is ours: end it, or give it back. */
static void decide(struct up_request *r, struct decision *x)
{
	struct up_holder_refusal no;
	enum up_err err;

	err = check(r, x);
	if (err == UP_OK)
		err = up_limits_share(r->server, UP_LIMIT_DECISION, up_span_str(r->device.ref),
		    UP_LIMIT_UNIT, up_span_str(x->role->unit_code), r->now_ms);
	if (err == UP_OK) {
		submit(r, x);
		return;
	}
	undo(r, x);
	if (err == UP_E_SIGNATURE || err == UP_E_ROLE || err == UP_E_SUSPENDED ||
	    err == UP_E_ITEM_GRANT) {
		no = (struct up_holder_refusal){.err = err,
		    .info = x->info,
		    .event = x->write.approve ? "login.approve" : "login.deny",
		    .role = x->role != NULL ? x->role->id : 0};
		if (err == UP_E_SIGNATURE) {
			no.err = UP_E_PROOF;
			no.detail = "decision_differs";
		}
		x->info = NULL;
		up_holder_refuse(r, &no);
		return;
	}
	up_reply_err(r, err);
}

/* Unknown, another phone's, or too late: one answer, and the record knows which. */
static void refuse_closed(struct up_request *r, const char *id)
{
	struct up_holder_refusal no = {
	    .err = UP_E_CODE, .event = "login.approve", .detail = "unknown_transaction"};
	enum up_err err;
	int64_t device;

	err = up_live_known(r->server->live, id, r->now_ms, &no.info, &device);
	if (err != UP_OK && err != UP_E_NOT_FOUND) {
		up_reply_err(r, err);
		return;
	}
	if (no.info != NULL)
		no.detail = device == r->device.id ? up_err_name(UP_E_EXPIRED) : "not_yours";
	up_holder_refuse(r, &no);
}

void up_holder_decision(struct up_request *r)
{
	struct decision *x = calloc(1, sizeof(*x));
	char id[UP_LIVE_ID + 1] = "";
	enum up_err err;

	if (x == NULL) {
		up_reply_err(r, UP_E_NOMEM);
		return;
	}
	x->write.op.kind = UP_OP_DECIDE;
	r->state = x;
	r->free_state = free_decision;
	err = read_request(r, x);
	if (err == UP_OK) {
		memcpy(id, x->got.transaction.p, UP_LIVE_ID);
		err = up_live_decide(r->server->live, id, r->device.id, r->now_ms, &x->info,
		    x->frame, &x->deadline_ms);
	}
	if (err == UP_OK) {
		decide(r, x);
	} else if (err == UP_E_CODE) {
		refuse_closed(r, id);
	} else {
		up_reply_err(r, err);
	}
}
