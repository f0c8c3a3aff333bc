/* SPDX-License-Identifier: Apache-2.0
 * POST /token: the device code grant (RFC 8628 sections 3.4, 3.5). The record of the redemption is
 * on disk before the token goes out. */
#include <stdlib.h>
#include <string.h>

#include "core/disclosure.h"
#include "core/jwt.h"
#include "core/text.h"
#include "server/log.h"
#include "server/login/record.h"
#include "server/http/metrics.h"
#include "server/login/outcome.h"
#include "server/http/routes.h"
#include "server/secrets.h"
#include "server/http/access_token.h"

#define GRANT_DEVICE_CODE "urn:ietf:params:oauth:grant-type:device_code"
#define ID_TOKEN_LIFE_S 300              /* the portal makes its own session of it at once */

struct redemption {
	struct up_op_redeem write;
	struct up_op_replay replay;      /* of the same code, once more */
	struct up_live_redeemed live;
	char record_id[23];
	char disclosed[UP_DISCLOSURE_WORDS];
};

static void free_redemption(void *p)
{
	struct redemption *x = p;

	up_op_clear(&x->write.op);
	up_live_info_unref(&x->live.info);
	free(x);
}

static enum up_err put_claims(struct up_json_put *j, const struct up_request *r,
    const struct redemption *x)
{
	static const char *const amr[] = { "hwk", "pin", NULL };
	const struct up_role *role = x->write.out_role;
	const struct up_login_info *in = x->live.info;
	const struct up_token_identity told = { .client = r->client, .role = role,
		.chain = x->write.out_chain, .item = in->item };
	int64_t now = r->now_ms / 1000;
	enum up_err err;
	char jti[23];

	up_random_id(jti);
	up_json_put_object(j, NULL);
	up_json_put_str(j, "iss", r->server->config->issuer);
	up_json_put_str(j, "sub", role->ref);
	up_json_put_text(j, "aud", in->client);
	up_json_put_int(j, "exp", now + ID_TOKEN_LIFE_S);
	up_json_put_int(j, "iat", now);
	up_json_put_int(j, "nbf", now);
	up_json_put_int(j, "auth_time", x->live.auth_ms / 1000);
	up_json_put_str(j, "jti", jti);
	up_json_put_str(j, "sid", x->write.session);
	up_json_put_opt(j, "nonce", in->nonce);
	up_json_put_words(j, "amr", amr);
	up_json_put_str(j, "acr", "urn:unitpass:acr:device-password");
	err = up_token_put_identity(j, r->server->store, &told);
	up_json_put_end(j);
	return err;
}

static bool is_item_of(const struct up_client *client, struct up_span item)
{
	struct up_span one, rest = up_span_str(client->items);

	while (rest.n > 0) {
		up_span_cut(rest, ' ', &one, &rest);
		if (up_span_eq(one, item))
			return true;
	}
	return false;
}

/* What else she may do at other portals is none of this one's business. */
static void put_own_items(
    struct up_buf *own, const struct up_client *client, struct up_span items)
{
	struct up_span one;

	while (items.n > 0) {
		up_span_cut(items, ' ', &one, &items);
		if (!is_item_of(client, one))
			continue;
		if (own->n > 0)
			up_buf_put_char(own, ' ');
		up_buf_put_span(own, one);
	}
}

/* Only the last link has items. */
static void take_links(const struct up_token_identity *id,
    struct up_disclosure_link links[UP_CHAIN_MAX], struct up_buf *own)
{
	for (size_t i = 0; i < id->chain->n; i++) {
		const struct up_link *link = &id->chain->links[i];

		put_own_items(own, id->client, up_span_str(link->items));
		links[i] = (struct up_disclosure_link){
		    .role = up_span_str(up_authority_role_name(link->role)),
		    .ref = up_span_str(link->ref),
		    .items = up_buf_span(own),
		    .since_s = link->since_s,
		    .until_s = link->until_s,
		};
	}
}

enum up_err up_token_put_identity(struct up_json_put *j, struct up_store *store,
    const struct up_token_identity *id)
{
	const struct up_role *role = id->role;
	struct up_disclosure_link links[UP_CHAIN_MAX];
	struct up_buf own = { 0 };
	char name[UP_PERSON_NAME_SIZE];
	enum up_err err = up_store_name(store, role, name);
	const struct up_disclosure told = {
		.unit_code = up_span_str(role->unit_code),
		.unit_name = up_span_str(role->unit_name),
		.certificate = up_span_str(role->certificate),
		.certificate_version = role->certificate_version,
		.holder_ref = up_span_str(role->ref), .role = up_span_str(role->role),
		.holder_name = up_span_str(name), .item = id->item,
		.authority = { links, id->chain->n },
	};

	take_links(id, links, &own);
	if (err == UP_OK && own.failed)
		err = UP_E_NOMEM;
	if (err == UP_OK)
		up_disclosure_put_claims(j, &told);
	up_wipe(name, sizeof(name));
	up_buf_free(&own);
	return err;
}

static enum up_err put_tokens(struct up_request *r, const struct redemption *x)
{
	struct up_buf claims = { 0 }, *b = &r->out;
	struct up_json_put j = { .b = b }, inner = { .b = &claims };
	enum up_err err;

	up_json_put_object(&j, NULL);
	up_json_put_open(&j, "access_token");
	err = up_token_access_put(
	    r->catalogue, x->write.session, x->live.info->client, r->now_ms, b);
	up_json_put_close(&j);
	up_json_put_str(&j, "token_type", "Bearer");
	up_json_put_int(&j, "expires_in", UP_TOKEN_ACCESS_LIFE_S);
	up_json_put_opt(&j, "scope", x->live.info->scope);
	if (err == UP_OK)
		err = put_claims(&inner, r, x);
	up_json_put_open(&j, "id_token");
	if (err == UP_OK)
		err = up_jwt_sign(r->catalogue->keys->signing[0], NULL, up_buf_span(&claims), b);
	up_json_put_close(&j);
	up_put_receipt(&j, &x->write.op);
	up_json_put_end(&j);
	up_buf_free(&claims);
	return err;
}

/* --- one code, redeemed twice (live.h has the table) --- */

/* Revoke x->live.session, if there is one, and record EVENT as refused for REASON. */
static void take_back(struct up_request *r, struct redemption *x, const char *event,
    enum up_err reason, void (*then)(struct up_request *))
{
	struct up_op_replay *again = &x->replay;
	struct up_record *rec = &again->op.record;

	again->op.kind = UP_OP_REPLAY;
	again->device = x->live.device;
	again->role = x->live.role;
	memcpy(again->session, x->live.session, sizeof(again->session));
	up_login_record(rec, r->catalogue, x->live.info, event, x->record_id);
	rec->session = up_span_str(again->session);
	up_facts_refused(rec, up_err_name(reason));
	up_http_commit(r, &again->op, then);
}

/* The second caller's answer. */
static void replayed(struct up_request *r)
{
	const struct redemption *x = r->state;

	if (x->replay.op.err == UP_E_STORE)
		up_login_note(up_live_replay_undo(r->server->live, x->live.info->id, r->now_ms),
		    "replay_not_undone", x->live.info);
	up_reply_err(r, x->replay.op.err == UP_E_STORE ? UP_E_STORE : UP_E_GRANT);
}

/* The first caller's answer stands; but what could not be revoked does not go out. */
static void contested(struct up_request *r)
{
	const struct redemption *x = r->state;

	if (x->replay.op.err == UP_E_STORE)
		up_reply_err(r, UP_E_STORE);
}

/* --- the redemption --- */

static void issue(struct up_request *r, struct redemption *x)
{
	const struct up_outcome_of of = {
	    .info = x->live.info, .role = x->write.out_role, .now_ms = r->now_ms};
	enum up_err err = put_tokens(r, x);

	if (err != UP_OK) {
		up_reply_err(r, err);
		return;
	}
	up_metrics_count(UP_METRIC_REDEEMED);
	up_outcome_tell(UP_OUTCOME_LOGIN, &of);
	up_reply(r, "application/json");
}

static void revoked(struct up_request *r)
{
	const struct redemption *x = r->state;

	up_login_note(x->replay.op.err, "session_not_revoked", x->live.info);
	up_reply_err(r, x->write.op.unsure ? UP_E_STORE : UP_E_LIVE);
}

/* ERR: the session is on disk, or may be, and is not to be had: neither is another one. */
static void give_up(struct up_request *r, struct redemption *x, enum up_err err)
{
	const struct up_login_info *info = x->live.info;

	memcpy(x->live.session, x->write.session, sizeof(x->live.session));
	up_login_note(err, "redemption_lost", info);
	up_login_note(up_live_give_up(r->server->live, info->id, r->now_ms),
	    "redemption_unsure", info);
	take_back(r, x, "login.redeem", err, revoked);
}

/* The record is on disk, and the session: it goes out once live knows that it is redeemed, and is
 * revoked otherwise (live.h). */
static void finish(struct up_request *r, struct redemption *x)
{
	bool second;
	enum up_err err = up_live_redeem_commit(
	    r->server->live, x->live.info->id, x->write.session, r->now_ms, &second);

	if (err != UP_OK) {
		give_up(r, x, err);
		return;
	}
	memcpy(x->live.session, x->write.session, sizeof(x->live.session));
	issue(r, x);
	if (second)                      /* another caller came meanwhile */
		take_back(r, x, "login.replay", UP_E_REPLAY, contested);
}

static void give_back(struct up_request *r, struct redemption *x)
{
	struct up_live *live = r->server->live;
	const char *id = x->live.info->id;
	bool second;
	enum up_err err = up_live_redeem_undo(live, id, r->now_ms, &second);
	const struct up_outcome_of of = {
	    .info = x->live.info, .event = "login.redeem", .reason = up_err_name(x->write.op.err)};

	up_login_note(err, "redemption_not_undone", x->live.info);
	if (x->write.op.err == UP_E_STORE) {
		up_reply_err(r, UP_E_STORE);
	} else {
		/* Not the store's failure but a dead role or unit: what was approved is void. */
		up_outcome_tell(UP_OUTCOME_REFUSED, &of);
		up_login_note(up_live_end(live, id, r->now_ms), "redemption_not_ended",
		    x->live.info);
		up_reply_err(r, UP_E_DENIED);
	}
	if (second)
		take_back(r, x, "login.replay", UP_E_REPLAY, contested);
}

static void redeemed(struct up_request *r)
{
	struct redemption *x = r->state;

	if (x->write.op.err == UP_OK)
		finish(r, x);
	else if (x->write.op.unsure)
		give_up(r, x, UP_E_STORE);
	else
		give_back(r, x);
}

static void submit(struct up_request *r, struct redemption *x)
{
	struct up_op_redeem *d = &x->write;
	struct up_record *rec = &d->op.record;

	d->op.kind = UP_OP_REDEEM;
	d->device = x->live.device;
	d->role = x->live.role;
	d->item = x->live.info->item;
	d->grant = x->live.grant;
	up_random_ordered_id(r->now_ms, d->session);
	up_login_record(rec, r->catalogue, x->live.info, "login.redeem", x->record_id);
	rec->session = up_span_str(d->session);
	up_disclosure_words(x->disclosed);
	rec->disclosed = up_span_str(x->disclosed);
	up_http_commit(r, &d->op, redeemed);
}

static void redeem(struct up_request *r, const uint8_t key[UP_LIVE_KEY])
{
	struct redemption *x = calloc(1, sizeof(*x));
	enum up_err err;

	if (x == NULL) {
		up_reply_err(r, UP_E_NOMEM);
		return;
	}
	r->state = x;
	r->free_state = free_redemption;
	err = up_live_redeem(r->server->live, key, up_span_str(r->client->id), r->now_ms, &x->live);
	if (err == UP_OK) {
		submit(r, x);
		return;
	}
	if (err == UP_E_REPLAY) {
		up_log(UP_LOG_WARNING, "code_replayed", "client", r->client->id, "transaction",
		    x->live.info ? x->live.info->id : "", NULL);
		if (x->live.record_end && x->live.info != NULL) {
			take_back(r, x, "login.replay", UP_E_REPLAY, replayed);
			return;
		}
		err = UP_E_GRANT;
	}
	up_reply_err(r, err);
}

void up_token(struct up_request *r)
{
	struct up_span grant = up_form_get(&r->form, "grant_type"),
		       code = up_form_get(&r->form, "device_code");
	uint8_t key[UP_LIVE_KEY];

	if (grant.n == 0) {
		up_reply_err(r, UP_E_REQUEST);
		return;
	}
	if (!up_span_eq_str(grant, GRANT_DEVICE_CODE)) {
		up_reply_err(r, UP_E_GRANT_TYPE);
		return;
	}
	if (code.n == 0)
		up_reply_err(r, UP_E_REQUEST);
	else if (up_secrets_key_of_text(code, key) != UP_OK)
		up_reply_err(r, UP_E_GRANT);
	else
		redeem(r, key);
}
