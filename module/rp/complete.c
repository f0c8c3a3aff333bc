/* SPDX-License-Identifier: Apache-2.0 */
#include "module/rp/complete.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/text.h"
#include "module/rp/cookie.h"
#include "module/rp/idtoken.h"
#include "module/rp/page.h"
#include "module/rp/provider.h"
#include "module/rp/request.h"
#include "module/rp/rplog.h"

#define SLOWER_S 5                       /* RFC 8628 section 3.5 */

void up_complete_keep(struct up_exchange *x, struct up_attempts *all)
{
	struct up_buf cookie = { 0 };

	if (up_attempt_save(x->opener, all, &cookie) == UP_OK)
		up_respond_header_buf(x->resp, "Set-Cookie", &cookie);
	else
		x->resp->body.failed = true;
	up_buf_free(&cookie);
}

static enum up_err keep_session(struct up_exchange *x, const struct up_identity *id)
{
	struct up_buf cookie = { 0 };
	enum up_err e = up_rp_session_cookie(x->opener, &id->session, x->req->now_s, &cookie);

	if (e == UP_OK)
		up_respond_header_buf(x->resp, "Set-Cookie", &cookie);
	up_buf_free(&cookie);
	return e;
}

/* The code is used, so whatever is wrong from here on ends the attempt; nobody is signed in. */
static enum up_err accept_token(struct up_exchange *x, struct up_attempt *a, char *token)
{
	struct up_identity id;
	char nonce[23] = "";
	enum up_err e;

	up_text_b64url(up_span_of(a->nonce, sizeof(a->nonce)), nonce);
	e = up_idtoken_check(x->rp, up_span_str(token), nonce, x->req->now_s, &id);
	if (e == UP_OK)
		e = keep_session(x, &id);
	if (e == UP_OK)
		up_rplog('i', "rp_login done sid=%.*s", (int)id.session.sid.n, (const char *)id.session.sid.p);
	else
		up_idtoken_refused(&id, e);
	up_idtoken_free(&id);
	up_wipe(a->device_code, sizeof(a->device_code));
	if (e != UP_OK)
		a->expires_s = 0;
	return e == UP_OK || e == UP_E_NOMEM || e == UP_E_CRYPTO || e == UP_E_UPSTREAM ? e : UP_E_PROVIDER;
}

/* Collect the result of A. */
static enum up_err redeem(struct up_exchange *x, struct up_attempt *a)
{
	char *token = NULL;
	enum up_err e = up_provider_redeem(x->rp->provider, a->device_code, x->req->now_s, &token);

	if (e == UP_OK)
		e = accept_token(x, a, token);
	if (token != NULL)
		up_wipe(token, strlen(token));
	free(token);
	/* used or unknown: for the person it is over, one way or the other */
	return e == UP_E_GRANT ? UP_E_EXPIRED : e;
}

/* --- complete ------------------------------------------------------------------------------------------------------------------- */

static void send_back(struct up_exchange *x, struct up_span where)
{
	struct up_buf location = { 0 };

	if (up_request_accepts(x->req, "application/json")) {
		up_buf_put_str(&x->resp->body, "{\"return\":");
		up_buf_put_json(&x->resp->body, where);
		up_buf_put_char(&x->resp->body, '}');
		up_respond_json(x->resp, 200);
		return;
	}
	up_buf_put_span(&location, where);
	up_respond_redirect(x->resp, 303, &location);
}

static bool has_session(struct up_exchange *x)
{
	struct up_rp_session s;
	bool refresh;

	return up_rp_session_open(x->opener, x->req->cookies, x->req->now_s, &s, &refresh) == UP_OK;
}

static int64_t mono_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool up_complete_may_poll(const struct up_exchange *x, const struct up_attempt *a)
{
	return x->req->now_ms >= a->polled_ms + 1000 * a->interval_s;
}

enum up_err up_complete_poll(struct up_exchange *x, struct up_attempt *a)
{
	int64_t began = mono_ms();
	enum up_err e = redeem(x, a);

	a->polled_ms = x->req->now_ms + mono_ms() - began;
	if (e == UP_E_SLOW_DOWN)
		a->interval_s += SLOWER_S;
	return e;
}

/* A done attempt was redeemed while its progress was asked for; its session cookie must have come along. Who watches
 * knows that the result is there; who does not may ask when it is time, whatever the page says. */
static enum up_err finish(struct up_exchange *x, struct up_attempt *a)
{
	if (a->device_code[0] == '\0')
		return up_attempt_is_done(a) && has_session(x) ? UP_OK : UP_E_EXPIRED;
	if (a->watch_uri[0] != '\0')
		return redeem(x, a);
	return up_complete_may_poll(x, a) ? up_complete_poll(x, a) : UP_E_PENDING;
}

static bool is_over(const struct up_attempt *a, enum up_err e)
{
	return e == UP_OK || e == UP_E_DENIED || e == UP_E_EXPIRED || a->device_code[0] == '\0';
}

void up_complete_post(struct up_exchange *x)
{
	char return_to[UP_RP_RETURN_MAX + 1];
	struct up_attempts all;
	struct up_attempt *a = NULL;
	bool changed;
	enum up_err e = up_attempt_load(x->opener, x->req->cookies, x->req->now_s, &all);

	if (e == UP_OK && (a = up_attempt_find(&all, up_form_get(&x->body, "attempt"))) == NULL)
		e = UP_E_EXPIRED;
	if (a == NULL)
		goto out;
	memcpy(return_to, a->return_to, sizeof(return_to));
	e = finish(x, a);
	changed = a->watch_uri[0] == '\0' || is_over(a, e);
	if (is_over(a, e))
		up_attempt_remove(&all, a);
	if (changed)
		up_complete_keep(x, &all);
out:
	if (e == UP_OK)
		send_back(x, up_span_str(return_to));
	else
		up_respond_error(x, e, e == UP_E_PENDING || e == UP_E_SLOW_DOWN || e == UP_E_DENIED || e == UP_E_EXPIRED ? 409 : 0);
	up_wipe(&all, sizeof(all));
}

/* --- who am I --------------------------------------------------------------------------------------------------------------------- */

static void put_member(struct up_buf *b, const char *before, struct up_span value)
{
	up_buf_put_str(b, before);
	up_buf_put_json(b, value);
}

static void put_items(struct up_buf *b, struct up_span items)
{
	struct up_span item;
	const char *sep = "";

	while (items.n > 0) {
		up_span_cut(items, ' ', &item, &items);
		put_member(b, sep, item);
		sep = ",";
	}
}

void up_complete_session(struct up_exchange *x)
{
	struct up_buf *b = &x->resp->body;
	struct up_rp_session s;
	bool refresh;

	if (up_rp_session_open(x->opener, x->req->cookies, x->req->now_s, &s, &refresh) != UP_OK) {
		up_buf_put_str(b, "{\"error\":\"login_required\",\"login\":\"" UP_RP_PREFIX "login\"}");
		up_respond_json(x->resp, 401);
		up_respond_header(x->resp, "WWW-Authenticate", "Unitpass realm=\"unitpass\", login=\"" UP_RP_PREFIX "login\"");
		return;
	}
	put_member(b, "{\"unit\":{\"code\":", s.unit_code);
	put_member(b, ",\"name\":", s.unit_name);
	put_member(b, ",\"certificate\":", s.certificate);
	up_buf_printf(b, ",\"certificate_version\":%lld", (long long)s.certificate_version);
	put_member(b, "},\"holder\":{\"ref\":", s.holder_ref);
	put_member(b, ",\"role\":", s.role);
	put_member(b, ",\"name\":", s.holder_name);
	up_buf_put_str(b, "},\"items\":[");
	put_items(b, s.items);
	put_member(b, "],\"session\":", s.sid);
	up_buf_printf(b, ",\"auth_time\":%lld}", (long long)s.auth_time_s);
	up_respond_json(x->resp, 200);
}

/* --- logout ----------------------------------------------------------------------------------------------------------------------- */

static struct up_span return_of(const struct up_form *f)
{
	struct up_span s = up_form_get(f, "return");

	return up_target_ok(s) ? s : UP_SPAN_LIT("/");
}

void up_complete_ask_logout(struct up_exchange *x)
{
	up_page_message(x, &(struct up_page_message){
		.status = 200, .title_key = "logout_title", .text = up_words_get(x->rp->words, x->lang, UP_SPAN_LIT("logout_text")),
		.post_uri = UP_SPAN_LIT(UP_RP_PREFIX "logout"), .post_key = "logout_button", .return_to = return_of(&x->query),
	});
}

static void forget(struct up_exchange *x, const char *name)
{
	struct up_buf gone = { 0 };

	up_cookie_put_gone(name, &gone);
	up_respond_header_buf(x->resp, "Set-Cookie", &gone);
}

/* The session cookie is set by a login alone, so an answer still under way cannot bring it back. */
void up_complete_logout(struct up_exchange *x)
{
	forget(x, UP_RP_SESSION_COOKIE);
	forget(x, UP_RP_SEEN_COOKIE);
	send_back(x, return_of(&x->body));
}
