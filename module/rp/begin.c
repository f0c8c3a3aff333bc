/* SPDX-License-Identifier: Apache-2.0 */
#include "module/rp/begin.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "core/target.h"
#include "core/text.h"
#include "module/rp/complete.h"
#include "module/rp/confirm.h"
#include "module/rp/page.h"
#include "module/rp/provider.h"
#include "module/rp/qr.h"
#include "module/rp/request.h"
#include "module/rp/rplog.h"

#define AGENT_MAX 200                    /* code points */

/* --- a new attempt --- */

static struct up_span return_of(const struct up_form *f)
{
	struct up_span s = up_form_get(f, "return");

	return s.n <= UP_RP_RETURN_MAX && up_target_ok(s) ? s : UP_SPAN_LIT("/");
}

/* False: there is one, and it is no item's name. */
static bool item_of(const struct up_form *f, struct up_span *item)
{
	*item = up_form_get(f, "item");
	return item->n == 0 || up_request_item_ok(*item);
}

static void copy(char *out, struct up_span s)
{
	if (s.n > 0)
		memcpy(out, s.p, s.n);
	out[s.n] = '\0';
}

static bool is_alive(const struct up_attempt *a, int64_t now_s)
{
	return a->device_code[0] != '\0' && a->expires_s > now_s;
}

/* The one that the new attempt ends: the page's own earlier one, else the oldest when there is no
 * room left. */
static struct up_attempt *to_replace(struct up_attempts *all, struct up_attempt *own)
{
	if (own != NULL)
		return own;
	return all->n >= UP_ATTEMPTS ? &all->at[0] : NULL;
}

static enum up_err ask_server(struct up_exchange *x, const struct up_attempt *fresh,
    const struct up_attempt *replaced, struct up_provider_begun *begun)
{
	struct up_buf agent = { 0 };
	char nonce[22], browser[22], ip[46];
	struct up_provider_ask ask = {
		.nonce = up_span_of(nonce, sizeof(nonce)),
		.browser = up_span_of(browser, sizeof(browser)),
		.item = up_span_str(fresh->item),
		/* "unix:" is a peer, but no address to show to anybody */
		.initiator_ip = up_span_str(up_target_address(x->req->client_ip, ip) ? ip : NULL),
		.ui_locales = up_span_str(x->lang),
		.now_s = x->req->now_s,
	};
	enum up_err err;

	up_text_b64url(up_span_of(fresh->nonce, sizeof(fresh->nonce)), nonce);
	up_text_b64url(up_span_of(fresh->browser, sizeof(fresh->browser)), browser);
	if (up_text_utf8_valid(x->req->user_agent))
		up_text_put_safe(&agent, x->req->user_agent, AGENT_MAX);
	ask.initiator_user_agent = up_buf_span(&agent);
	if (replaced != NULL && is_alive(replaced, x->req->now_s))
		ask.supersedes = up_span_str(replaced->device_code);
	err = up_provider_begin(x->rp->provider, &ask, begun);
	up_buf_free(&agent);
	return err;
}

static void take_begun(struct up_attempt *a, const struct up_provider_begun *b,
    const struct up_rp_request *req)
{
	a->started_s = req->now_s;
	a->polled_ms = req->now_ms;
	a->expires_s = a->started_s + b->expires_in_s;
	a->interval_s = b->interval_s;
	a->frame_interval_s = b->frame_interval_s;
	memcpy(a->device_code, b->device_code, sizeof(a->device_code));
	memcpy(a->watch_uri, b->watch_uri, sizeof(a->watch_uri));
	memcpy(a->client_name, b->client_name, sizeof(a->client_name));
	memcpy(a->item_name, b->item_name, sizeof(a->item_name));
	if (b->user_code[0] != '\0' || b->watch_uri[0] == '\0')
		memcpy(a->verification_uri, b->verification_uri, sizeof(a->verification_uri));
	if (a->verification_uri[0] != '\0')
		memcpy(a->user_code, b->user_code, sizeof(a->user_code));
	if (a->watch_uri[0] == '\0')
		memcpy(a->complete_uri, b->complete_uri, sizeof(a->complete_uri));
}

/* Begin and append to ALL; *OUT points there. */
static enum up_err begin(struct up_exchange *x, const struct up_form *f, struct up_attempts *all,
    struct up_attempt *own, struct up_attempt **out)
{
	struct up_attempt fresh = { 0 }, *replaced = to_replace(all, own);
	struct up_provider_begun begun;
	struct up_span item;
	enum up_err err;

	if (!item_of(f, &item))
		return UP_E_ITEM;
	copy(fresh.item, item);
	copy(fresh.return_to, return_of(f));
	memcpy(fresh.browser, all->browser, sizeof(fresh.browser));
	if (RAND_bytes(fresh.id, sizeof(fresh.id)) != 1 ||
	    RAND_bytes(fresh.nonce, sizeof(fresh.nonce)) != 1)
		return UP_E_CRYPTO;
	err = ask_server(x, &fresh, replaced, &begun);
	if (err != UP_OK)
		goto out;
	take_begun(&fresh, &begun, x->req);
	if (replaced != NULL) {
		up_confirm_give_back(x, replaced);
		up_attempt_remove(all, replaced);
	}
	all->at[all->n++] = fresh;
	up_complete_keep(x, all, &all->at[all->n - 1]);
	/* keeping may have dropped older ones: ours is the newest, but it moved */
	*out = &all->at[all->n - 1];
out:
	up_wipe(&fresh, sizeof(fresh));
	up_wipe(&begun, sizeof(begun));
	return err;
}

/* --- its progress --- */

static void set_state(struct up_provider_state *s, const char *state)
{
	snprintf(s->state, sizeof(s->state), "%s", state);
}

/* A provider without watch is asked at its token endpoint; success is kept as a session at once,
 * since the code is then used. */
static enum up_err poll_token(struct up_exchange *x, struct up_attempts *all, struct up_attempt *a,
    struct up_provider_state *s)
{
	enum up_err err;

	set_state(s, "pending");
	if (!up_complete_may_poll(x, a))
		return UP_OK;
	err = up_complete_poll(x, all, a);
	if (err == UP_OK)
		set_state(s, "approved");
	else if (err == UP_E_DENIED || err == UP_E_EXPIRED)
		set_state(s, err == UP_E_DENIED ? "denied" : "expired");
	if (err == UP_E_DENIED || err == UP_E_EXPIRED)
		a->expires_s = x->req->now_s;
	up_complete_keep(x, all, a);
	return err == UP_E_UPSTREAM || err == UP_E_PROVIDER || err == UP_E_NOMEM ||
	    err == UP_E_CRYPTO ? err : UP_OK;
}

static enum up_err progress(struct up_exchange *x, struct up_attempts *all, struct up_attempt *a,
    struct up_provider_state *s)
{
	enum up_err err = UP_OK;

	memset(s, 0, sizeof(*s));
	s->expires_in_s = a->expires_s > x->req->now_s ? a->expires_s - x->req->now_s : 0;
	if (up_attempt_is_done(a) || a->held_n > 0)
		set_state(s, "approved");
	else if (a->device_code[0] == '\0' ||
	    (a->expires_s <= x->req->now_s && a->watch_uri[0] == '\0'))
		set_state(s, "expired");
	else if (a->watch_uri[0] == '\0')
		err = poll_token(x, all, a, s);
	else if ((err = up_provider_watch(x->rp->provider, a->watch_uri, s)) == UP_E_EXPIRED) {
		set_state(s, "expired");
		err = UP_OK;
	}
	return err;
}

/* --- answers --- */

static void show(
    struct up_exchange *x, const struct up_attempt *a, const char *state, int64_t expires_in_s)
{
	char id[UP_ATTEMPT_ID_TEXT + 1];

	up_attempt_id_text(a, id);
	up_page_login(x,
	    &(struct up_page_login) {
		.state = state,
		.plain = up_span_eq_str(up_form_get(&x->query, "plain"), "1"),
		.attempt = up_span_str(id),
		.return_to = up_span_str(a->return_to),
		.item = up_span_str(a->item),
		.watch_uri = up_span_str(a->watch_uri),
		.expires_in_s = expires_in_s,
		.frame_interval_s = a->frame_interval_s,
		.client_name = up_span_str(a->client_name),
		.item_name = up_span_str(a->item_name),
		.verification_uri = up_span_str(a->verification_uri),
		.user_code = up_span_str(a->user_code),
	    });
}

static void go(struct up_exchange *x, struct up_span where)
{
	struct up_buf location = { 0 };

	up_buf_put_span(&location, where);
	up_respond_redirect(x->resp, 302, &location);
}

static void continue_page(struct up_exchange *x, struct up_attempts *all, struct up_attempt *a)
{
	struct up_provider_state s;
	enum up_err err = progress(x, all, a, &s);

	if (err != UP_OK)
		up_respond_error(x, err, 0);
	else if (a->held_n > 0)
		up_confirm_ask(x, all, a);
	else if (up_attempt_is_done(a))
		go(x, up_span_str(a->return_to));
	else
		show(x, a, s.state, s.expires_in_s);
}

/* Nobody would see the code: nothing begins, nothing ends. A frame gets a way out of it. */
static void refuse_unseen(struct up_exchange *x)
{
	struct up_span item;

	if (!up_request_is_framed(x->req))
		up_respond_error(x, UP_E_REQUEST, up_request_is_ahead(x->req) ? 503 : 403);
	else if (!item_of(&x->query, &item))
		up_respond_error(x, UP_E_ITEM, 0);
	else
		up_page_way_out(x, return_of(&x->query), item);
}

static void visit(struct up_exchange *x, struct up_attempts *all)
{
	bool again = up_span_eq_str(up_form_get(&x->query, "again"), "1");
	struct up_attempt *own = up_attempt_find(all, up_form_get(&x->query, "attempt")), *a;
	enum up_err err;

	if (own == NULL && !again && up_complete_has_session(x))
		go(x, return_of(&x->query));
	else if (!up_request_is_seen(x->req))
		refuse_unseen(x);
	else if (own != NULL && !again)
		continue_page(x, all, own);
	else if ((err = begin(x, &x->query, all, own, &a)) != UP_OK)
		up_respond_error(x, err, 0);
	else
		show(x, a, "pending", a->expires_s - a->started_s);
}

void up_begin_page(struct up_exchange *x)
{
	struct up_attempts all;
	enum up_err err = up_attempt_load(x->opener, x->req->cookies, x->req->now_s, &all);

	if (err != UP_OK)
		up_respond_error(x, err, 0);
	else
		visit(x, &all);
	up_wipe(&all, sizeof(all));
}

/* For who cannot scan: the address to open and the code to type there. */
static void put_code(struct up_json_put *j, const struct up_attempt *a)
{
	if (a->user_code[0] == '\0')
		return;
	up_json_put_str(j, "verification_uri", a->verification_uri);
	up_json_put_str(j, "user_code", a->user_code);
}

static void put_attempt(struct up_json_put *j, const struct up_attempt *a)
{
	char id[UP_ATTEMPT_ID_TEXT + 1];

	up_attempt_id_text(a, id);
	up_json_put_object(j, NULL);
	up_json_put_str(j, "attempt", id);
	up_json_put_str(j, "watch_uri", a->watch_uri);
	up_json_put_int(j, "frame_interval", a->frame_interval_s);
	up_json_put_int(j, "expires_in", a->expires_s - a->started_s);
	put_code(j, a);
	up_json_put_end(j);
}

void up_begin_json(struct up_exchange *x)
{
	struct up_attempts all;
	struct up_attempt *a = NULL;
	struct up_json_put j = { .b = &x->resp->body };
	enum up_err err = up_attempt_load(x->opener, x->req->cookies, x->req->now_s, &all);

	if (err == UP_OK && up_request_is_ahead(x->req))
		err = UP_E_REQUEST;
	if (err == UP_OK)
		err = begin(
		    x, &x->body, &all, up_attempt_find(&all, up_form_get(&x->body, "attempt")), &a);
	if (err != UP_OK) {
		up_respond_error(x, err, 0);
		goto out;
	}
	put_attempt(&j, a);
	up_respond_json(x->resp, 200);
out:
	up_wipe(&all, sizeof(all));
}

/* The attempt that the query names, in this browser's cookie; answers when there is none. */
static struct up_attempt *named(struct up_exchange *x, struct up_attempts *all)
{
	struct up_attempt *a = NULL;
	enum up_err err = up_attempt_load(x->opener, x->req->cookies, x->req->now_s, all);

	if (err == UP_OK && (a = up_attempt_find(all, up_form_get(&x->query, "attempt"))) == NULL)
		err = UP_E_NOT_FOUND;
	if (err != UP_OK)
		up_respond_error(x, err, 0);
	return a;
}

void up_begin_state(struct up_exchange *x)
{
	struct up_attempts all;
	struct up_provider_state s;
	struct up_json_put j = { .b = &x->resp->body };
	struct up_attempt *a = named(x, &all);
	const char *text;
	enum up_err err;

	if (a == NULL)
		goto out;
	if ((err = progress(x, &all, a, &s)) != UP_OK) {
		up_respond_error(x, err, 0);
		goto out;
	}
	up_json_put_object(&j, NULL);
	up_json_put_str(&j, "state", s.state);
	up_json_put_int(&j, "expires_in", s.expires_in_s);
	text = strcmp(s.state, "pending") == 0 && a->watch_uri[0] == '\0'
	    ? up_attempt_qr(a) : s.text;
	if (text[0] != '\0') {
		up_json_put_object(&j, "frame");
		up_json_put_int(&j, "t", s.t);
		up_json_put_str(&j, "text", text);
		up_json_put_end(&j);
	}
	up_json_put_end(&j);
	up_respond_json(x->resp, 200);
out:
	up_wipe(&all, sizeof(all));
}

void up_begin_qr(struct up_exchange *x)
{
	struct up_attempts all;
	struct up_provider_state s = { 0 };
	struct up_attempt *a = named(x, &all);
	enum up_err err = UP_OK;

	if (a == NULL)
		goto out;
	if (a->watch_uri[0] != '\0')
		err = up_provider_watch(x->rp->provider, a->watch_uri, &s);
	if (err == UP_OK)
		err = up_qr_put_svg(&x->resp->body,
		    up_span_str(a->watch_uri[0] != '\0' ? s.text : up_attempt_qr(a)));
	if (err != UP_OK) {
		up_buf_reset(&x->resp->body);
		up_respond_error(x, err, 0);
		goto out;
	}
	x->resp->status = 200;
	up_respond_header(x->resp, "Content-Type", "image/svg+xml");
	up_respond_header(x->resp, "Content-Security-Policy", "default-src 'none'");
	up_respond_header(x->resp, "Cross-Origin-Resource-Policy", "same-origin");
	up_respond_common(x->resp);
out:
	up_wipe(&all, sizeof(all));
}
