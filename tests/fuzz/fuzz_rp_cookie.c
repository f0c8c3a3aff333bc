/* SPDX-License-Identifier: Apache-2.0
 * module/rp: the input as a Cookie header, then as the sealed content of either of our cookies. */
#include "fuzz.h"

#include <stdio.h>
#include <string.h>

#include "module/rp/attempt.h"
#include "module/rp/cookie.h"
#include "module/rp/recent.h"
#include "module/rp/session.h"

#define NOW INT64_C(1700000000)

static struct up_rp portal = {
	.issuer = (char *)"https://id.example.org", .client = (char *)"portal", .n_keys = 1,
	.session_purpose = (char *)"session", .seen_purpose = (char *)"seen",
	.login_purpose = (char *)"login",
	.idle_s = 1800, .max_s = 28800,
};
static struct up_rp_opener *opener;

static void check_session(struct up_span cookies)
{
	struct up_rp_session s;
	struct up_buf out = { 0 };
	bool refresh;

	if (up_rp_session_open(opener, cookies, NOW, &s, &refresh) != UP_OK) {
		FUZZ_HOLDS(s.unit_code.n == 0 && !refresh);
		return;
	}
	FUZZ_HOLDS(s.items.n <= UP_SESSION_ITEMS_MAX && s.unit_name.n <= UP_SESSION_UNIT_NAME_MAX);
	FUZZ_HOLDS(NOW - s.seen_s <= portal.idle_s && NOW - s.created_s <= portal.max_s);
	FUZZ_HOLDS(up_rp_session_cookie(opener, &s, NOW, &out) == UP_OK && out.n < 4096);
	up_buf_reset(&out);
	FUZZ_HOLDS(up_rp_session_refresh(opener, &s, NOW, &out) == UP_OK && out.n < 300);
	up_buf_free(&out);
}

static void join(void *arg, struct up_buf *set_cookie)
{
	struct up_buf *cookies = arg;

	if (strstr(up_buf_cstr(set_cookie), "Max-Age=0") == NULL) {
		up_buf_put(cookies, set_cookie->p, strcspn((const char *)set_cookie->p, ";"));
		up_buf_put_str(cookies, "; ");
	}
	up_buf_reset(set_cookie);
}

static void check_attempts(struct up_span cookies)
{
	static struct up_attempts a, again;
	struct up_buf out = { 0 };
	char id[UP_ATTEMPT_ID_TEXT + 1];

	FUZZ_HOLDS(up_attempt_load(opener, cookies, NOW, &a) == UP_OK && a.n <= UP_ATTEMPTS_SEEN);
	a.changed = true;
	for (size_t i = 0; i < a.n; i++)
		a.at[i].changed = true;
	FUZZ_HOLDS(up_attempt_save(opener, &a, NULL, join, &out) == UP_OK &&
	    a.n <= UP_ATTEMPTS_SEEN);
	FUZZ_HOLDS(up_attempt_load(opener, up_buf_span(&out), NOW, &again) == UP_OK &&
	    again.n >= a.n);
	FUZZ_HOLDS(memcmp(again.browser, a.browser, sizeof(a.browser)) == 0 &&
	    again.n_units == a.n_units);
	for (size_t i = 0; i < a.n; i++) {
		const struct up_attempt *same;

		up_attempt_id_text(&a.at[i], id);
		same = up_attempt_find(&again, up_span_str(id));
		FUZZ_HOLDS(same != NULL && strcmp(a.at[i].return_to, same->return_to) == 0);
	}
	up_buf_free(&out);
}

/* Under the name that the content itself gives. */
static void check_sealed_attempt(struct up_span in, struct up_buf *cookie)
{
	struct up_attempt a = { 0 };
	char name[64], id[UP_ATTEMPT_ID_TEXT + 1];

	if (in.n < 1 + sizeof(a.id))
		return;
	memcpy(a.id, in.p + 1, sizeof(a.id));
	up_attempt_id_text(&a, id);
	snprintf(name, sizeof(name), UP_RP_LOGIN_COOKIE "-%s", id);
	FUZZ_HOLDS(up_cookie_put(opener->seal, name, up_span_str(portal.login_purpose), in, -1,
	    cookie) == UP_OK);
	check_attempts(up_buf_span(cookie));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct up_span in = up_span_of(data, size);
	struct up_buf cookie = { 0 };

	if (opener == NULL) {
		FUZZ_HOLDS((portal.recent = up_recent_new()) != NULL);
		FUZZ_HOLDS(up_rp_opener_new(&portal, &opener) == UP_OK);
	}
	check_session(in);
	check_attempts(in);
	if (size > UP_RP_PLAIN_MAX)
		return 0;
	FUZZ_HOLDS(up_cookie_put(opener->seal, UP_RP_SESSION_COOKIE,
		       up_span_str(portal.session_purpose), in, -1, &cookie) == UP_OK);
	check_session(up_buf_span(&cookie));
	up_buf_reset(&cookie);
	FUZZ_HOLDS(up_cookie_put(opener->seal, UP_RP_LOGIN_COOKIE,
		       up_span_str(portal.login_purpose), in, -1, &cookie) == UP_OK);
	check_attempts(up_buf_span(&cookie));
	up_buf_reset(&cookie);
	check_sealed_attempt(in, &cookie);
	up_buf_free(&cookie);
	return 0;
}
