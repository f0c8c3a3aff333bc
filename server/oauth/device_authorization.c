/* SPDX-License-Identifier: Apache-2.0
 * POST /device_authorization: a login begins (RFC 8628 sections 3.1, 3.2). */
#include <string.h>

#include "core/scope.h"
#include "core/target.h"
#include "core/text.h"
#include "server/http/limits.h"
#include "server/log.h"
#include "server/http/metrics.h"
#include "server/http/routes.h"
#include "server/secrets.h"

#define PURPOSE_MAX 60                   /* characters */
#define AGENT_MAX 160
#define DRAWS 8                          /* of a user code whose beginning is taken */

struct drawn {
	uint8_t watch[16], device[16], handle[16];
	struct up_buf purpose, agent;    /* as people may be shown them */
	char ip[46];
};

/* Plain text of at most MAX bytes; the form is UTF-8 already. */
static enum up_err take(struct up_request *r, const char *name, size_t max, struct up_span *out)
{
	*out = up_form_get(&r->form, name);
	return out->n <= max ? UP_OK : UP_E_REQUEST;
}

static enum up_err check_item(const struct up_request *r, struct up_span item)
{
	const struct up_item *i;

	if (item.n == 0)
		return UP_OK;
	i = up_catalogue_item(r->catalogue, item);
	return i != NULL && strcmp(i->client, r->client->id) == 0 ? UP_OK : UP_E_ITEM;
}

/* An address, not a text that looks like one: the phone shows it, the record keeps it. Portals copy
 * it from headers, so it may be spelled as there. */
static enum up_err take_address(struct up_request *r, char ip[46], struct up_span *out)
{
	struct up_span text = up_form_get(&r->form, "initiator_ip");

	*out = up_span_of(NULL, 0);
	if (text.n == 0)
		return UP_OK;
	if (!up_target_address(text, ip))
		return UP_E_REQUEST;
	*out = up_span_str(ip);
	return UP_OK;
}

static bool browser_ok(struct up_span b)
{
	uint8_t raw[48];
	size_t n;

	return b.n == 0 ||
	    (b.n >= 22 && b.n <= 43 && up_text_b64url_decode(b, raw, sizeof(raw), &n) == UP_OK);
}

/* Controls and bidi characters out, here once, for phone, record and log alike (SECURITY 8). */
static struct up_span safe(struct up_buf *b, struct up_span text, size_t max)
{
	up_text_put_safe(b, text, max);
	return up_buf_span(b);
}

static enum up_err read_parameters(
    struct up_request *r, struct up_login_start *start, struct drawn *d)
{
	struct up_login_info *in = &start->info;
	struct up_span old;
	enum up_err err;

	err = up_scope_grant(up_form_get(&r->form, "scope"), &in->scope);
	if (err == UP_OK)
		err = take(r, "nonce", 128, &in->nonce);
	if (err == UP_OK)
		err = take(r, "item", 64, &in->item);
	if (err == UP_OK)
		err = check_item(r, in->item);
	if (err == UP_OK)
		err = take(r, "purpose", PURPOSE_MAX * 4, &in->purpose);
	if (err == UP_OK && up_text_utf8_count(in->purpose) > PURPOSE_MAX)
		err = UP_E_REQUEST;
	if (err == UP_OK)
		err = take_address(r, d->ip, &in->initiator_ip);
	if (err == UP_OK)
		err = take(r, "browser", 43, &in->browser);
	if (err == UP_OK && !browser_ok(in->browser))
		err = UP_E_REQUEST;
	in->purpose = safe(&d->purpose, in->purpose, PURPOSE_MAX);
	in->initiator_agent = safe(
	    &d->agent, up_form_get(&r->form, "initiator_user_agent"), AGENT_MAX);
	old = up_form_get(&r->form, "supersedes");
	if (err != UP_OK || old.n == 0)
		return err;
	start->supersedes = up_secrets_key_of_text(old, start->old_device) == UP_OK;
	return UP_OK;
}

static enum up_err check_rates(struct up_request *r, const struct up_login_info *in)
{
	struct up_span client = up_span_str(r->client->id);
	char who[160];

	if (in->initiator_ip.n == 0)
		return up_limits_spend(r->server, UP_LIMIT_START_CLIENT, client, r->now_ms);
	up_limits_source_of(r->client->id, in->initiator_ip, who);
	return up_limits_share(r->server, UP_LIMIT_START_SOURCE, up_span_str(who),
	    UP_LIMIT_START_CLIENT, client, r->now_ms);
}

static enum up_err draw(struct up_request *r, struct up_login_start *start, struct drawn *d)
{
	enum up_err err;
	char hex[33];

	up_random(d->watch, sizeof(d->watch));
	up_random(d->device, sizeof(d->device));
	up_random_ordered_id(r->now_ms, start->info.id);
	up_random_id(start->info.challenge);
	err = up_secrets_handle(r->server, d->watch, d->handle);
	if (err == UP_OK)
		err = up_secrets_key(up_span_of(d->handle, 16), start->handle);
	if (err == UP_OK)
		err = up_secrets_key(up_span_of(d->device, 16), start->device);
	if (err == UP_OK)
		err = up_secrets_key(up_span_of(d->watch, 16), start->watch);
	up_text_hex(up_span_of(start->handle, UP_LIVE_KEY), hex);
	memcpy(start->info.handle_hash, hex, 32);
	start->info.handle_hash[32] = '\0';
	return err;
}

/* Eight letters, shown with a dash in the middle. */
static void draw_user_code(char shown[10], char code[9])
{
	uint8_t rnd[16];

	up_random(rnd, sizeof(rnd));
	up_text_base20(rnd, shown);
	memcpy(code, shown, 4);
	memcpy(code + 4, shown + 5, 5);
}

/* Only a client with --static-qr has a user code; SHOWN is empty for the others,
 * whose codes no phone would take. */
static enum up_err begin(struct up_request *r, struct up_login_start *start, char shown[10])
{
	enum up_err err = UP_E_STATE;

	shown[0] = start->user_code[0] = '\0';
	for (int i = 0; err == UP_E_STATE && i < DRAWS; i++) {
		if (start->info.is_static)
			draw_user_code(shown, start->user_code);
		err = up_live_start(r->server->live, start, r->now_ms);
	}
	return err == UP_E_STATE ? UP_E_BUSY : err;
}

/* An address of ours that ends in SECRET, or without one. */
static void put_url(struct up_json_put *j, const char *name, const char *before, const char *path,
    struct up_span secret)
{
	up_json_put_open(j, name);
	up_buf_put_str(j->b, before);
	up_buf_put_str(j->b, path);
	up_text_put_b64url(j->b, secret);
	up_json_put_close(j);
}

static void answer(
    struct up_request *r, const struct drawn *d, const char *user_code, const struct up_item *item)
{
	const char *issuer = r->server->config->issuer;
	struct up_json_put j = { .b = &r->out };

	up_json_put_object(&j, NULL);
	up_json_put_b64url(&j, "device_code", up_span_of(d->device, 16));
	put_url(&j, "verification_uri", issuer, "/q/", (struct up_span){ NULL, 0 });
	if (r->client->is_static) {
		up_json_put_str(&j, "user_code", user_code);
		put_url(&j, "verification_uri_complete", issuer, "/q/", up_span_of(d->handle, 16));
	}
	up_json_put_int(&j, "expires_in", UP_LIVE_PENDING_MS / 1000);
	up_json_put_int(&j, "interval", UP_LIVE_INTERVAL_S);
	up_json_put_int(&j, "frame_interval", r->server->config->frame_interval);
	put_url(&j, "watch_uri", issuer, "/watch/", up_span_of(d->watch, 16));
	up_json_put_opt(&j, "client_name", up_span_str(r->client->name));
	if (item != NULL)
		up_json_put_opt(&j, "item_name", up_span_str(item->name));
	up_json_put_end(&j);
	up_reply(r, "application/json");
}

void up_device_authorization(struct up_request *r)
{
	struct up_login_start start = { .info = { .started_ms = r->now_ms,
					    .is_static = r->client->is_static,
					    .client = up_span_str(r->client->id) } };
	struct drawn d = { 0 };
	char user_code[10];
	enum up_err err;

	err = read_parameters(r, &start, &d);
	if (err == UP_OK)
		err = check_rates(r, &start.info);
	if (err == UP_OK)
		err = draw(r, &start, &d);
	if (err == UP_OK)
		err = begin(r, &start, user_code);
	if (err == UP_OK)
		up_metrics_login(start.info.client, UP_METRIC_STARTED);
	if (err == UP_OK)
		answer(r, &d, user_code, up_catalogue_item(r->catalogue, start.info.item));
	else
		up_reply_err(r, err);
	up_buf_free(&d.purpose);
	up_buf_free(&d.agent);
	up_wipe(&d, sizeof(d));
}
