/* SPDX-License-Identifier: Apache-2.0
 * POST /holder/scan: claim a login by what its QR says, and learn from the server what it is
 * (SECURITY 4, 5, 8, 12). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/disclosure.h"
#include "core/normal.h"
#include "core/text.h"
#include "server/login/holder.h"
#include "server/http/limits.h"
#include "server/login/record.h"
#include "server/http/metrics.h"
#include "server/http/routes.h"
#include "server/secrets.h"

#define EVENT "login.scan"
#define TEXT_MAX 512

struct scan {
	struct up_op_record write;
	const struct up_login_info *info;
	struct up_role **roles;
	size_t n_roles;
	int64_t deadline_ms;
	char frame[16];
	char record_id[23];
	bool known;              /* one of the units has used this browser before */
};

static void free_scan(void *p)
{
	struct scan *x = p;

	up_live_info_unref(&x->info);
	up_store_roles_free(&x->roles, x->n_roles);
	free(x);
}

/* --- from text to transaction --- */

static enum up_err find_by_frame(struct up_request *r, struct up_span text, struct scan *x,
    uint8_t key[UP_LIVE_KEY], const char **why)
{
	uint8_t frame_key[UP_FRAME_KEY];
	struct up_frame frame;
	int64_t age;
	enum up_err err;

	if (up_frame_parse(text, &frame) != UP_OK)
		return UP_E_CODE;
	err = up_secrets_key(up_span_of(frame.handle, sizeof(frame.handle)), key);
	if (err == UP_OK)
		err = up_live_peek(r->server->live, key, r->now_ms, &x->info);
	if (err != UP_OK)
		return err;
	if (frame.is_static) {
		strcpy(x->frame, "static");
		*why = "static_refused";
		return x->info->is_static ? UP_OK : UP_E_CODE;
	}
	age = (r->now_ms - x->info->started_ms) / 1000;
	err = up_secrets_frame_key(r->server, frame.handle, frame_key);
	if (err == UP_OK)
		err = up_frame_check(&frame, frame_key, age < 0 ? 0 : (uint32_t)age);
	up_wipe(frame_key, sizeof(frame_key));
	snprintf(x->frame, sizeof(x->frame), "%u", (unsigned)frame.t);
	*why = err == UP_E_EXPIRED ? "stale_frame" : "forged_frame";
	return err == UP_E_EXPIRED || err == UP_E_SIGNATURE ? UP_E_CODE : err;
}

static enum up_err find(struct up_request *r, struct up_span text, struct scan *x,
    uint8_t key[UP_LIVE_KEY], const char **why)
{
	const char *issuer = r->server->config->issuer;
	size_t n = strlen(issuer);
	struct up_normal_fault fault;
	char typed[32], code[9];

	*why = "unknown_code";
	if (text.n > n + 3 && up_span_starts(text, issuer) && memcmp(text.p + n, "/q/", 3) == 0)
		return find_by_frame(r, up_span_of(text.p + n + 3, text.n - n - 3), x, key, why);
	if (up_normal_take(text, UP_NORMAL_NUMBER, typed, sizeof(typed), &fault) != UP_OK ||
	    up_text_base20_parse(up_span_str(typed), code) != UP_OK)
		return UP_E_CODE;
	strcpy(x->frame, "code");
	return up_live_peek_user_code(r->server->live, code, r->now_ms, key, &x->info);
}

/* --- what the phone shows --- */

static void put_initiator(struct up_json_put *j, const struct scan *x)
{
	const char *browser, *os;

	up_text_user_agent(x->info->initiator_agent, &browser, &os);
	up_json_put_object(j, "initiator");
	up_json_put_opt(j, "ip", x->info->initiator_ip);
	up_json_put_opt(j, "browser", up_span_str(browser));
	up_json_put_opt(j, "os", up_span_str(os));
	up_json_put_bool(j, "known", x->known);
	up_json_put_end(j);
}

static void put_portal(struct up_json_put *j, const struct up_request *r, const struct scan *x)
{
	const struct up_client *c = up_catalogue_client(r->catalogue, x->info->client);
	const struct up_item *item = up_catalogue_item(r->catalogue, x->info->item);

	up_json_put_object(j, "client");
	up_json_put_opt(j, "id", x->info->client);
	if (c != NULL) {
		up_json_put_opt(j, "name", up_span_str(c->name));
		up_json_put_opt(j, "origin", up_span_str(c->origin));
	}
	up_json_put_end(j);
	up_json_put_str(j, "issuer", r->server->config->issuer);
	up_json_put_opt(j, "item", x->info->item);
	if (item != NULL)
		up_json_put_opt(j, "item_name", up_span_str(item->name));
	up_json_put_opt(j, "purpose", x->info->purpose);
}

static void put_view(struct up_request *r, const struct scan *x)
{
	static const char *const none[] = { NULL }, *const new_browser[] = { "new_browser", NULL };
	struct up_json_put j = { .b = &r->out };

	up_json_put_object(&j, NULL);
	up_json_put_str(&j, "transaction", x->info->id);
	put_portal(&j, r, x);
	put_initiator(&j, x);
	up_json_put_int(&j, "started", x->info->started_ms / 1000);
	up_json_put_int(&j, "expires", x->deadline_ms / 1000);
	up_json_put_str(&j, "nonce", x->info->challenge);
	up_json_put_str(&j, "frame", x->frame);
	up_disclosure_put_array(&j, "disclosed");
	up_json_put_array(&j, "certificates");
	for (size_t i = 0; i < x->n_roles; i++)
		up_holder_put_role(&j, NULL, r, x->roles[i], x->info->item);
	up_json_put_end(&j);
	up_json_put_words(&j, "warnings", x->known ? none : new_browser);
	up_json_put_end(&j);
	up_reply(r, "application/json");
}

static void scanned(struct up_request *r)
{
	struct scan *x = r->state;

	if (x->write.op.err != UP_OK) {
		/* What is not recorded did not happen: the login ends, and the page offers a new
		 * code; or it ends by itself, since nobody knows what a decision has to sign. */
		up_login_note(up_live_end(r->server->live, x->info->id, r->now_ms),
		    "scan_not_ended", x->info);
		up_reply_err(r, x->write.op.err);
		return;
	}
	up_metrics_count(UP_METRIC_SCANNED);
	put_view(r, x);
}

/* --- the claim --- */

static enum up_err read_roles(struct up_request *r, struct scan *x)
{
	enum up_err err = up_store_roles(r->server->store, r->device.id, &x->roles, &x->n_roles);
	enum up_err may, why = UP_E_ROLE;
	bool any = false, known;

	for (size_t i = 0; err == UP_OK && i < x->n_roles; i++) {
		may = up_holder_may(r, x->roles[i], UP_USE_SCAN, x->info->item);
		if (may != UP_OK && (may == UP_E_SUSPENDED || why != UP_E_SUSPENDED))
			why = may;
		if (may != UP_OK)
			continue;
		any = true;
		err = x->known || x->info->browser.n == 0
		    ? UP_OK
		    : up_store_browser_known(r->server->store, x->info->client, x->info->browser,
			  up_span_str(x->roles[i]->unit_code), &known);
		if (err == UP_OK && !x->known && x->info->browser.n > 0)
			x->known = known;
	}
	return err != UP_OK ? err : any ? UP_OK : why;
}

static void record(struct up_request *r, struct scan *x)
{
	struct up_record *rec = &x->write.op.record;

	up_login_record(rec, r->catalogue, x->info, EVENT, x->record_id);
	if (strcmp(x->frame, "code") == 0)
		rec->channel = UP_SPAN_LIT("user-code");
	up_facts_phone(rec, &r->device, r->ip);
	up_facts_person(rec, &r->device);
	if (x->n_roles == 1) {
		up_facts_edge(rec, x->roles[0]->unit_code, x->roles[0]->unit_name,
		    x->roles[0]->role);
		up_facts_str(&rec->holder_ref, x->roles[0]->ref);
	}
	x->write.op.kind = UP_OP_RECORD;
	up_http_commit(r, &x->write.op, scanned);
}

static void refuse(struct up_request *r, struct scan *x, enum up_err err, const char *why)
{
	const struct up_holder_refusal no = {.err = err,
	    .info = x->info,
	    .event = EVENT,
	    .detail = err == UP_E_CODE ? why : NULL};
	enum up_err spent = UP_OK;

	if (err != UP_E_CODE && err != UP_E_ROLE && err != UP_E_SUSPENDED) {
		up_reply_err(r, err);
		return;
	}
	if (err == UP_E_CODE)
		spent = up_limits_spend(
		    r->server, UP_LIMIT_BAD_CODE, up_span_str(r->device.ref), r->now_ms);
	if (spent != UP_OK) {
		up_reply_err(r, spent);
		return;
	}
	x->info = NULL;
	up_holder_refuse(r, &no);
}

void up_holder_scan(struct up_request *r)
{
	static const char *const members[] = { "text", NULL };
	struct scan *x = calloc(1, sizeof(*x));
	uint8_t key[UP_LIVE_KEY];
	struct up_span text;
	const char *why = "";
	enum up_err err;

	if (x == NULL) {
		up_reply_err(r, UP_E_NOMEM);
		return;
	}
	r->state = x;
	r->free_state = free_scan;
	err = up_json_only(r->json, members);
	if (err == UP_OK)
		err = up_json_text(r->json, "text", TEXT_MAX, &text);
	if (err == UP_OK)
		err = find(r, up_text_scanned(text), x, key, &why);
	if (err == UP_OK)
		err = read_roles(r, x);
	if (err == UP_OK) {
		why = "taken";
		err = up_live_scan(
		    r->server->live, key, r->device.id, x->frame, r->now_ms, &x->deadline_ms);
	}
	if (err == UP_OK)
		record(r, x);
	else
		refuse(r, x, err, why);
}
