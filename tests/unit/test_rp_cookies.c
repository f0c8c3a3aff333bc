/* SPDX-License-Identifier: Apache-2.0
 * How long a browser's Cookie line gets, beside what web servers take by themselves and what the
 * samples let them take (conf/examples/nginx-portal.conf, apache-portal.conf). */
#include "test_rp_scene.h"

#include "module/rp/inside.h"
#include "module/rp/session.h"
#include "test_rp_sample.h"

#define SAMPLES 16380                    /* LimitRequestFieldSize; nginx: 4 16k */
#define BY_ITSELF 8190                   /* Apache's default; nginx: 4 8k */
#define APPLICATION 2048                 /* cookies of the application's own */
#define TABS 20
#define RETURN "return=%2Freports%2F2024%2Fannual%3Fpage%3D3%26sort%3Dname%26view%3Dtable"

/* N tabs open at the same time: each begins with the cookies of before, and all answers arrive. */
static void open_tabs(struct up_rp *rp, struct fake_browser *b, unsigned n)
{
	const struct fake_browser before = *b;

	for (unsigned i = 0; i < n; i++) {
		struct fake_browser tab = before;
		char id[32], name[64];

		CU_ASSERT_EQUAL(begin(rp, &tab, RETURN, id), 200);
		snprintf(name, sizeof(name), UP_RP_LOGIN_COOKIE "-%s", id);
		snprintf(b->cookies + strlen(b->cookies), sizeof(b->cookies) - strlen(b->cookies),
		    "%s%s", b->cookies[0] != '\0' ? "; " : "", fake_cookie(&tab, name));
		if (i == n - 1)
			snprintf(b->cookies + strlen(b->cookies),
			    sizeof(b->cookies) - strlen(b->cookies), "; %s",
			    fake_cookie(&tab, UP_RP_LOGIN_COOKIE));
	}
}

/* Of a session of greatest size, with the cookie that says when it was seen. */
static size_t session_size(const struct up_rp *rp)
{
	struct up_rp_session s = sample();
	struct up_buf b = { 0 }, seen = { 0 };
	struct up_rp_opener *o;
	char text[UP_SESSION_ITEMS_MAX];
	size_t n;

	memset(text, 'x', sizeof(text));
	s.unit_name = up_span_of(text, UP_SESSION_UNIT_NAME_MAX);
	s.role = up_span_of(text, UP_SESSION_ROLE_MAX);
	s.holder_name = up_span_of(text, UP_SESSION_HOLDER_NAME_MAX);
	s.items = up_span_of(text, UP_SESSION_ITEMS_MAX);
	s.sub = up_span_of(text, UP_SESSION_SUB_MAX);
	s.certificate = s.holder_ref = s.sid = up_span_of(text, UP_SESSION_ID_MAX);
	CU_ASSERT_EQUAL_FATAL(up_rp_opener_new(rp, &o), UP_OK);
	CU_ASSERT_EQUAL(up_rp_session_cookie(o, &s, NOW, &b), UP_OK);
	CU_ASSERT_EQUAL(up_rp_session_refresh(o, &s, NOW + 500, &seen), UP_OK);
	n = strcspn(up_buf_cstr(&b), ";") + strcspn(up_buf_cstr(&seen), ";") + 2 * strlen("; ");
	up_buf_free(&b);
	up_buf_free(&seen);
	up_rp_opener_free(&o);
	return n;
}

static void test_begin(void)
{
	issuer = fake_start();
	CU_ASSERT_EQUAL_FATAL(up_rp_init(fake_log, NULL), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_jwk_generate(&key), UP_OK);
}

/* What is begun one after the other leaves room without any setting. */
static void test_one_by_one(void)
{
	struct fake_browser b;
	struct up_rp *rp = setup(&b);
	char id[32];

	for (unsigned i = 0; i < TABS; i++) {
		CU_ASSERT_EQUAL(begin(rp, &b, RETURN, id), 200);
		CU_ASSERT(strlen(b.cookies) < UP_RP_COOKIE_MAX);
	}
	CU_ASSERT(strlen(b.cookies) + session_size(rp) + APPLICATION < BY_ITSELF);
	up_rp_free(&rp);
}

/* Nobody sees the others of those that begin at once: all of them stay, until the next one takes
 * them away. That is what the samples' setting is for. */
static void test_at_once(void)
{
	struct fake_browser b;
	struct up_rp *rp = setup(&b);
	char id[32];

	open_tabs(rp, &b, TABS);
	CU_ASSERT(strlen(b.cookies) + APPLICATION > BY_ITSELF);
	CU_ASSERT(strlen(b.cookies) + session_size(rp) + APPLICATION < SAMPLES);
	for (unsigned i = 0; i < TABS / UP_RP_TRIES + 1; i++)
		CU_ASSERT_EQUAL(begin(rp, &b, RETURN, id), 200);
	CU_ASSERT(strlen(b.cookies) < UP_RP_COOKIE_MAX);
	up_rp_free(&rp);
}

static void test_end(void)
{
	fake_stop();
	up_jwk_free(&key);
	up_rp_shutdown();
	fake_clean();
}

UP_SUITE("rp_cookies", test_begin, test_one_by_one, test_at_once, test_end)
