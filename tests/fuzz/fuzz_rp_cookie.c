/* SPDX-License-Identifier: Apache-2.0
 * module/rp: the input as a Cookie header, then as the sealed content of either of our cookies. */
#include "fuzz.h"

#include <stdio.h>
#include <string.h>

#include "module/rp/attempt.h"
#include "module/rp/cookie.h"
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

static void check_attempts(struct up_span cookies)
{
	struct up_attempts a, again;
	struct up_buf out = { 0 };
	char id[UP_ATTEMPT_ID_TEXT + 1];

	FUZZ_HOLDS(up_attempt_load(opener, cookies, NOW, &a) == UP_OK && a.n <= UP_ATTEMPTS);
	FUZZ_HOLDS(up_attempt_save(opener, &a, &out) == UP_OK && out.n < UP_RP_COOKIE_MAX + 100);
	FUZZ_HOLDS(up_attempt_load(opener, up_buf_span(&out), NOW, &again) == UP_OK && again.n == a.n);
	FUZZ_HOLDS(memcmp(again.browser, a.browser, sizeof(a.browser)) == 0);
	for (size_t i = 0; i < a.n; i++) {
		up_attempt_id_text(&a.at[i], id);
		FUZZ_HOLDS(strcmp(a.at[i].return_to, again.at[i].return_to) == 0 && up_attempt_find(&a, up_span_str(id)) != NULL);
	}
	up_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct up_span in = up_span_of(data, size);
	struct up_buf cookie = { 0 };

	if (opener == NULL)
		FUZZ_HOLDS(up_rp_opener_new(&portal, &opener) == UP_OK);
	check_session(in);
	check_attempts(in);
	if (size > UP_RP_PLAIN_MAX)
		return 0;
	FUZZ_HOLDS(up_cookie_put(opener->seal, UP_RP_SESSION_COOKIE, up_span_str(portal.session_purpose), in, -1, &cookie) == UP_OK);
	check_session(up_buf_span(&cookie));
	up_buf_reset(&cookie);
	FUZZ_HOLDS(up_cookie_put(opener->seal, UP_RP_LOGIN_COOKIE, up_span_str(portal.login_purpose), in, -1, &cookie) == UP_OK);
	check_attempts(up_buf_span(&cookie));
	up_buf_free(&cookie);
	return 0;
}
