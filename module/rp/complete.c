/* SPDX-License-Identifier: Apache-2.0 */
#include "module/rp/complete.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/text.h"
#include "module/rp/confirm.h"
#include "module/rp/idtoken.h"
#include "module/rp/provider.h"
#include "module/rp/rplog.h"

#define SLOWER_S 5                       /* RFC 8628 section 3.5 */

static void put_cookie(void *arg, struct up_buf *set_cookie)
{
	struct up_exchange *x = arg;

	up_respond_header_buf(x->resp, "Set-Cookie", set_cookie);
}

void up_complete_keep(struct up_exchange *x, struct up_attempts *all, struct up_attempt *a)
{
	if (a != NULL)
		a->changed = true;
	if (up_attempt_save(x->opener, all, a, put_cookie, x) != UP_OK)
		x->resp->body.failed = true;
}

enum up_err up_complete_session(struct up_exchange *x, const struct up_rp_session *s)
{
	struct up_buf cookie = { 0 };
	enum up_err err = up_rp_session_cookie(x->opener, s, x->req->now_s, &cookie);

	if (err == UP_OK) {
		up_respond_header_buf(x->resp, "Set-Cookie", &cookie);
		up_rplog('i', "rp_login done sid=%.*s", (int)s->sid.n, (const char *)s->sid.p);
	}
	up_buf_free(&cookie);
	return err;
}

/* A stranger may have been quicker to scan the code than the person before the browser: where her
 * unit never was, she is asked. */
static enum up_err sign_in(struct up_exchange *x, const struct up_attempts *all,
    struct up_attempt *a, const struct up_rp_session *s)
{
	bool known = !x->rp->confirm;
	enum up_err err = known ? UP_OK : up_attempt_knows(all, s->unit_code, &known);

	if (err != UP_OK)
		return err;
	if (known) {
		up_wipe(a->device_code, sizeof(a->device_code));
		return up_complete_session(x, s);
	}
	/* the session takes the room of what has served */
	a->watch_uri[0] = a->complete_uri[0] = a->verification_uri[0] = a->user_code[0] = '\0';
	a->expires_s = x->req->now_s + UP_CONFIRM_HOLD_S;
	return up_session_put(s, x->req->now_s, a->held, &a->held_n);
}

/* The code is used, so whatever is wrong from here on ends the attempt; nobody is signed in. */
static enum up_err accept_token(struct up_exchange *x, const struct up_attempts *all,
    struct up_attempt *a, char *token)
{
	struct up_identity id;
	char nonce[23] = "";
	enum up_err err;

	up_text_b64url(up_span_of(a->nonce, sizeof(a->nonce)), nonce);
	err = up_idtoken_check(x->rp, up_span_str(token), nonce, x->req->now_s, &id);
	if (err != UP_OK)
		up_idtoken_refused(&id, err);
	else
		err = sign_in(x, all, a, &id.session);
	up_idtoken_free(&id);
	if (err != UP_OK) {
		up_wipe(a->device_code, sizeof(a->device_code));
		a->expires_s = 0;
	}
	return err == UP_OK || err == UP_E_NOMEM || err == UP_E_CRYPTO || err == UP_E_UPSTREAM ? err
	    : UP_E_PROVIDER;
}

/* Collect the result of A. */
static enum up_err redeem(struct up_exchange *x, const struct up_attempts *all,
    struct up_attempt *a)
{
	char *token = NULL;
	enum up_err err = up_provider_redeem(
	    x->rp->provider, a->device_code, x->req->now_s, &token);

	if (err == UP_OK)
		err = accept_token(x, all, a, token);
	if (token != NULL)
		up_wipe(token, strlen(token));
	free(token);
	/* used or unknown: for the person it is over, one way or the other */
	return err == UP_E_GRANT ? UP_E_EXPIRED : err;
}

bool up_complete_has_session(struct up_exchange *x)
{
	struct up_rp_session s;
	bool refresh;

	return x->opener != NULL && up_rp_session_open(x->opener, x->req->cookies, x->req->now_s,
	    &s, &refresh) == UP_OK;
}

/* --- complete --- */

void up_complete_finish(struct up_exchange *x, struct up_attempts *all, struct up_attempt *a)
{
	char return_to[UP_RP_RETURN_MAX + 1];

	memcpy(return_to, a->return_to, sizeof(return_to));
	up_attempt_remove(all, a);
	up_complete_keep(x, all, NULL);
	up_respond_back(x, up_span_str(return_to));
}

void up_complete_fail(struct up_exchange *x, enum up_err err)
{
	up_respond_error(x, err,
	    err == UP_E_PENDING || err == UP_E_SLOW_DOWN || err == UP_E_DENIED ||
		    err == UP_E_EXPIRED
		? 409
		: 0);
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

enum up_err up_complete_poll(struct up_exchange *x, const struct up_attempts *all,
    struct up_attempt *a)
{
	int64_t began = mono_ms();
	enum up_err err = redeem(x, all, a);

	a->polled_ms = x->req->now_ms + mono_ms() - began;
	if (err == UP_E_SLOW_DOWN)
		a->interval_s += SLOWER_S;
	return err;
}

/* A done attempt was redeemed while its progress was asked for; its session cookie must have come
 * along. Who watches knows that the result is there; who does not may ask when it is time,
 * whatever the page says. */
static enum up_err collect(struct up_exchange *x, const struct up_attempts *all,
    struct up_attempt *a)
{
	if (a->device_code[0] == '\0')
		return up_attempt_is_done(a) && up_complete_has_session(x) ? UP_OK : UP_E_EXPIRED;
	if (a->watch_uri[0] != '\0')
		return redeem(x, all, a);
	return up_complete_may_poll(x, a) ? up_complete_poll(x, all, a) : UP_E_PENDING;
}

static bool is_over(const struct up_attempt *a, enum up_err err)
{
	return err == UP_E_DENIED || err == UP_E_EXPIRED || a->device_code[0] == '\0';
}

/* E: why A has led to no session (yet). A poll is remembered in the cookie. */
static void miss(struct up_exchange *x, struct up_attempts *all, struct up_attempt *a,
    enum up_err err)
{
	if (is_over(a, err)) {
		up_attempt_remove(all, a);
		up_complete_keep(x, all, NULL);
	} else if (a->watch_uri[0] == '\0') {
		up_complete_keep(x, all, a);
	}
	up_complete_fail(x, err);
}

static void complete(struct up_exchange *x, struct up_attempts *all, struct up_attempt *a)
{
	enum up_err err;

	if (a->held_n > 0) {
		up_confirm_post(x, all, a);
		return;
	}
	err = collect(x, all, a);
	if (err != UP_OK)
		miss(x, all, a, err);
	else if (a->held_n > 0)
		up_confirm_ask(x, all, a);
	else
		up_complete_finish(x, all, a);
}

void up_complete_post(struct up_exchange *x)
{
	struct up_attempts all;
	struct up_attempt *a = NULL;
	enum up_err err = up_attempt_load(x->opener, x->req->cookies, x->req->now_s, &all);

	if (err == UP_OK && (a = up_attempt_find(&all, up_form_get(&x->body, "attempt"))) == NULL)
		err = UP_E_EXPIRED;
	if (a != NULL)
		complete(x, &all, a);
	else
		up_complete_fail(x, err);
	up_wipe(&all, sizeof(all));
}
