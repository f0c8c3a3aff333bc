/* SPDX-License-Identifier: Apache-2.0
 * A scene for the tests of a login: what a right provider says, and the steps of a browser.
 * Included by one program each. */
#ifndef UP_TEST_RP_SCENE_H
#define UP_TEST_RP_SCENE_H

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "core/jwt.h"
#include "test_rp_fake.h"

#define NOW INT64_C(1700000000)
#define DEVICE "DDDDDDDDDDDDDDDDDDDDDD"
#define WATCH "/watch/WWWWWWWWWWWWWWWWWWWWWW"

static const char *issuer;
static struct up_jwk *key, *other_key;

/* --- what the provider says --- */

static inline void answer_begin(const char *device, bool watch)
{
	struct up_buf b = { 0 };

	up_buf_printf(&b,
	    "{\"device_code\":\"%s\",\"user_code\":\"BCDF-GHJK\",\"verification_uri\":\"%s/"
	    "v\",\"verification_uri_complete\":\"%s/v?c=1\","
	    "\"expires_in\":300,\"interval\":5",
	    device, issuer, issuer);
	if (watch)
		up_buf_printf(&b, ",\"watch_uri\":\"%s" WATCH "\",\"frame_interval\":3", issuer);
	up_buf_put_char(&b, '}');
	fake_answer("/da", 200, "Content-Type: application/json\r\n", up_buf_cstr(&b));
	up_buf_free(&b);
}

static inline void answer_watch(const char *state)
{
	struct up_buf b = { 0 };

	up_buf_printf(&b, "{\"state\":\"%s\",\"expires_in\":297", state);
	if (strcmp(state, "pending") == 0)
		up_buf_printf(&b,
		    ",\"frame\":{\"t\":3,\"text\":\"%s/q/"
		    "HHHHHHHHHHHHHHHHHHHHHH.3.MMMMMMMMMMMMMMMMMMMMMM\"}",
		    issuer);
	up_buf_put_char(&b, '}');
	fake_answer(WATCH, 200, "Content-Type: application/json\r\n", up_buf_cstr(&b));
	up_buf_free(&b);
}

/* The claims of a right token, in parts that a test may replace. */
struct claims { const char *iss, *aud, *nonce, *times, *unit, *holder, *rest; };

static inline struct claims right_claims(void)
{
	static char nonce[64];

	snprintf(nonce, sizeof(nonce), "%s", fake_member(fake_last("/da"), "nonce"));
	return (struct claims) {
		.iss = issuer,
		.aud = "\"" FAKE_CLIENT "\"",
		.nonce = nonce,
		.times = "\"exp\":1700000600,\"iat\":1700000000,\"nbf\":1700000000,\"auth_time\":"
			 "1699999990",
		.unit =
		    "{\"code\":\"" FAKE_UNIT
		    "\",\"name\":\"某研究院\",\"certificate\":\"C1\",\"certificate_version\":2}",
		.holder = "{\"ref\":\"H1\",\"role\":\"user\",\"name\":\"张三\"}",
		.rest = ",\"jti\":\"jjjjjjjjjjjjjjjj\",\"sub\":\"S1\",\"sid\":\"sid-1\",\"items\":["
			"\"annual-report\"]",
	};
}

/* The compact token of C; the caller's. */
static inline char *token_of(const struct claims *c, const struct up_jwk *by)
{
	struct up_buf claims = { 0 }, token = { 0 };

	up_buf_printf(&claims,
	    "{\"iss\":\"%s\",\"aud\":%s,\"nonce\":\"%s\",%s,\"unit\":%s,\"holder\":%s%s}", c->iss,
	    c->aud, c->nonce, c->times, c->unit, c->holder, c->rest);
	CU_ASSERT_EQUAL_FATAL(up_jwt_sign(by, NULL, up_buf_span(&claims), &token), UP_OK);
	up_buf_free(&claims);
	return up_buf_take(&token);
}

static inline void answer_token(const struct claims *c, const struct up_jwk *by)
{
	struct up_buf body = { 0 };
	char *token = token_of(c, by);

	up_buf_printf(&body,
	    "{\"access_token\":\"AT\",\"token_type\":\"Bearer\",\"expires_in\":600,\"id_token\":\"%"
	    "s\"}",
	    token);
	fake_answer("/token", 200, "Content-Type: application/json\r\n", up_buf_cstr(&body));
	up_buf_free(&body);
	free(token);
}

static inline void answer_error(const char *path, int status, const char *error)
{
	char body[128];

	snprintf(body, sizeof(body), "{\"error\":\"%s\"}", error);
	fake_answer(path, status, "Content-Type: application/json\r\n", body);
}

/* --- the browser's steps --- */

static inline struct up_rp *setup(struct fake_browser *b)
{
	fake_reset();
	fake_provider(issuer, key);
	answer_begin(DEVICE, true);
	answer_watch("pending");
	answer_error("/token", 400, "authorization_pending");
	*b = (struct fake_browser){ .now_s = NOW };
	fake_logged[0] = '\0';
	return fake_rp(issuer, FAKE_CLIENT, fake_key_a);
}

static inline const char *body_of(struct up_rp_response *r)
{
	const char *s = r->body.n > 0 ? up_buf_cstr(&r->body) : "";

	return s != NULL ? s : "";
}

/* POST login; ID is what the page then knows. */
static inline int begin(struct up_rp *rp, struct fake_browser *b, const char *form, char id[32])
{
	struct up_rp_response r;
	int status;

	fake_fetch(rp, b, "POST", "/.unitpass/login", form, &r);
	status = r.status;
	snprintf(id, 32, "%s", fake_member(body_of(&r), "attempt"));
	up_rp_response_free(&r);
	return status;
}

static inline int complete(
    struct up_rp *rp, struct fake_browser *b, const char *id, char *text, size_t cap)
{
	struct up_rp_response r;
	char form[64];
	int status;

	snprintf(form, sizeof(form), "attempt=%s", id);
	fake_fetch(rp, b, "POST", "/.unitpass/complete", form, &r);
	status = r.status;
	snprintf(text, cap, "%s", body_of(&r));
	up_rp_response_free(&r);
	return status;
}

static inline bool signed_in(struct up_rp *rp, struct fake_browser *b)
{
	struct up_rp_response r;
	bool yes;

	fake_fetch(rp, b, "GET", "/.unitpass/session", NULL, &r);
	yes = r.status == 200;
	up_rp_response_free(&r);
	return yes;
}

static inline void begin_server(void)
{
	issuer = fake_start();
	CU_ASSERT_EQUAL_FATAL(up_rp_init(fake_log, NULL), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_jwk_generate(&key), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_jwk_generate(&other_key), UP_OK);
}

static inline void end_server(void)
{
	fake_stop();
	up_rp_shutdown();
	up_jwk_free(&key);
	up_jwk_free(&other_key);
}

#endif
