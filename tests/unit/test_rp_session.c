/* SPDX-License-Identifier: Apache-2.0
 * The session cookie. With UP_BENCH set it also prints what the hot path costs. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "test_rp_fake.h"
#include "test_rp_sample.h"

#define ISSUER "https://id.example.org"

/* "name=value" of a session made now. */
static char *cookie_of(const struct up_rp *rp, const struct up_rp_session *s)
{
	struct up_rp_opener *o;
	struct up_buf b = { 0 };
	char *text;

	CU_ASSERT_EQUAL_FATAL(up_rp_opener_new(rp, &o), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_rp_session_cookie(o, s, s->seen_s, &b), UP_OK);
	text = up_buf_take(&b);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "; Path=/; Secure; HttpOnly; SameSite=Lax"));
	*strchr(text, ';') = '\0';
	up_rp_opener_free(&o);
	return text;
}

/* "name=value" that says S was seen at AT. */
static char *seen_of(const struct up_rp *rp, const struct up_rp_session *s, int64_t at)
{
	struct up_rp_opener *o;
	struct up_buf b = { 0 };
	char *text;

	CU_ASSERT_EQUAL_FATAL(up_rp_opener_new(rp, &o), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_rp_session_refresh(o, s, at, &b), UP_OK);
	text = up_buf_take(&b);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "; Path=/; Secure; HttpOnly; SameSite=Lax"));
	*strchr(text, ';') = '\0';
	CU_ASSERT(strlen(text) < 150);
	up_rp_opener_free(&o);
	return text;
}

static enum up_err open_at(const struct up_rp *rp, const char *cookies, int64_t now, bool *refresh)
{
	struct up_rp_session s;
	struct up_rp_opener *o;
	enum up_err err;

	CU_ASSERT_EQUAL_FATAL(up_rp_opener_new(rp, &o), UP_OK);
	err = up_rp_session_open(o, up_span_str(cookies), now, &s, refresh);
	if (err == UP_OK) {
		UP_CHECK_TEXT(s.unit_code, FAKE_UNIT);
		UP_CHECK_TEXT(s.unit_name, "湖南省某某研究院");
		UP_CHECK_TEXT(s.sub, "u-1");
		CU_ASSERT_EQUAL(s.certificate_version, 3);
		CU_ASSERT_EQUAL(s.auth_time_s, NOW - 5);
	} else {
		CU_ASSERT_EQUAL(err, UP_E_TOKEN);
		CU_ASSERT_EQUAL(s.unit_code.n, 0);
	}
	up_rp_opener_free(&o);
	return err;
}

static void test_round_trip(void)
{
	struct up_rp *rp = fake_rp(ISSUER, FAKE_CLIENT, fake_key_a);
	struct up_rp_session s = sample();
	char *c = cookie_of(rp, &s);
	bool refresh;

	CU_ASSERT_EQUAL(open_at(rp, c, NOW, &refresh), UP_OK);
	CU_ASSERT_FALSE(refresh);
	CU_ASSERT(strlen(c) < 500);
	free(c);
	up_rp_free(&rp);
}

static void test_limits(void)
{
	static const struct { int64_t after; enum up_err err; bool refresh; } rows[] = {
		{ 0, UP_OK, false }, { 450, UP_OK, false }, { 451, UP_OK, true },
		{ 1800, UP_OK, true }, { 1801, UP_E_TOKEN, false },
		{ -300, UP_OK, false }, { -301, UP_E_TOKEN, false },
	};
	struct up_rp *rp = fake_rp(ISSUER, FAKE_CLIENT, fake_key_a);
	struct up_rp_session s = sample();
	char *c = cookie_of(rp, &s);
	bool refresh;

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		CU_ASSERT_EQUAL(open_at(rp, c, NOW + rows[i].after, &refresh), rows[i].err);
		CU_ASSERT_EQUAL(refresh, rows[i].refresh);
	}
	free(c);
	/* active all day: the longest time ends it none the less */
	s.seen_s = NOW + 8 * 3600;
	c = cookie_of(rp, &s);
	CU_ASSERT_EQUAL(open_at(rp, c, NOW + 8 * 3600, &refresh), UP_OK);
	CU_ASSERT_EQUAL(open_at(rp, c, NOW + 8 * 3600 + 1, &refresh), UP_E_TOKEN);
	free(c);
	up_rp_free(&rp);
}

static void test_damaged(void)
{
	struct up_rp *rp = fake_rp(ISSUER, FAKE_CLIENT, fake_key_a);
	struct up_rp_session s = sample();
	char *c = cookie_of(rp, &s), *bad = strdup(c);
	size_t n = strlen(c), value = strlen(UP_RP_SESSION_COOKIE "=");
	bool refresh;

	for (size_t i = value; i < n; i++) {
		strcpy(bad, c);
		bad[i] = bad[i] == 'A' ? 'B' : 'A';
		CU_ASSERT_EQUAL(open_at(rp, bad, NOW, &refresh), UP_E_TOKEN);
		strcpy(bad, c);
		bad[i] = '\0';
		CU_ASSERT_EQUAL(open_at(rp, bad, NOW, &refresh), UP_E_TOKEN);
	}
	free(bad);
	free(c);
	up_rp_free(&rp);
}

/* One opener opens the same cookie again from what it remembers: only that very text, and never
 * past its limits. */
static void test_remembered(void)
{
	struct up_rp *rp = fake_rp(ISSUER, FAKE_CLIENT, fake_key_a);
	struct up_rp_session s = sample(), got;
	char *c = cookie_of(rp, &s), *bad = strdup(c), *others[100];
	size_t value = strlen(UP_RP_SESSION_COOKIE "="), n = strlen(c);
	struct up_rp_opener *o;
	bool refresh;

	CU_ASSERT_EQUAL_FATAL(up_rp_opener_new(rp, &o), UP_OK);
	for (int again = 0; again < 3; again++) {
		CU_ASSERT_EQUAL(up_rp_session_open(o, up_span_str(c), NOW, &got, &refresh), UP_OK);
		UP_CHECK_TEXT(got.unit_name, "湖南省某某研究院");
		UP_CHECK_TEXT(got.sub, "u-1");
	}
	for (size_t i = value; i < n; i++) {
		strcpy(bad, c);
		bad[i] = bad[i] == 'A' ? 'B' : 'A';
		CU_ASSERT_EQUAL(
		    up_rp_session_open(o, up_span_str(bad), NOW, &got, &refresh), UP_E_TOKEN);
	}
	CU_ASSERT_EQUAL(
	    up_rp_session_open(o, up_span_of(c, n - 1), NOW, &got, &refresh), UP_E_TOKEN);
	CU_ASSERT_EQUAL(up_rp_session_open(o, up_span_str(c), NOW + 1800, &got, &refresh), UP_OK);
	CU_ASSERT_TRUE(refresh);
	CU_ASSERT_EQUAL(
	    up_rp_session_open(o, up_span_str(c), NOW + 1801, &got, &refresh), UP_E_TOKEN);
	for (int i = 0; i < 100; i++) {
		s.created_s = s.seen_s = NOW - i;
		others[i] = cookie_of(rp, &s);
	}
	for (int i = 0; i < 300; i++) {
		CU_ASSERT_EQUAL(
		    up_rp_session_open(o, up_span_str(others[i % 100]), NOW, &got, &refresh),
		    UP_OK);
		CU_ASSERT_EQUAL(got.created_s, NOW - i % 100);
	}
	for (int i = 0; i < 100; i++)
		free(others[i]);
	up_rp_opener_free(&o);
	free(c);
	free(bad);
	up_rp_free(&rp);
}

static void test_foreign(void)
{
	struct up_rp *rp = fake_rp(ISSUER, FAKE_CLIENT, fake_key_a);
	struct up_rp *others[] = {
		fake_rp("https://other.example.org", FAKE_CLIENT, fake_key_a),
		fake_rp(ISSUER, "portal2", fake_key_a),
		fake_rp(ISSUER, FAKE_CLIENT, fake_key_b),
	};
	struct up_rp_session s = sample();
	bool refresh;

	for (size_t i = 0; i < UP_ARRAY_LEN(others); i++) {
		char *c = cookie_of(others[i], &s);

		CU_ASSERT_EQUAL(open_at(rp, c, NOW, &refresh), UP_E_TOKEN);
		CU_ASSERT_EQUAL(open_at(others[i], c, NOW, &refresh), UP_OK);
		free(c);
		up_rp_free(&others[i]);
	}
	up_rp_free(&rp);
}

static void test_rotation(void)
{
	struct up_rp *old = fake_rp(ISSUER, FAKE_CLIENT, fake_key_a);
	char keys[256];
	struct up_rp *both;
	struct up_rp_session s = sample();
	char *c = cookie_of(old, &s);
	bool refresh;

	snprintf(keys, sizeof(keys), "# newest first\n%s\n%s\n", fake_key_b, fake_key_a);
	both = fake_rp(ISSUER, FAKE_CLIENT, keys);
	CU_ASSERT_EQUAL(open_at(both, c, NOW, &refresh), UP_OK);
	free(c);
	up_rp_free(&old);
	up_rp_free(&both);
}

/* SEEN is a word about the session that it names: worth nothing alone, beside another, or beyond
 * the longest time. */
static void test_seen(void)
{
	struct up_rp *rp = fake_rp(ISSUER, FAKE_CLIENT, fake_key_a);
	struct up_rp_session s = sample();
	char *c = cookie_of(rp, &s), *seen = seen_of(rp, &s, NOW + 1700), *other;
	struct up_buf b = { 0 };
	bool refresh;

	CU_ASSERT_EQUAL(open_at(rp, seen, NOW + 1700, &refresh), UP_E_TOKEN);
	CU_ASSERT_EQUAL(open_at(rp, c, NOW + 1801, &refresh), UP_E_TOKEN);
	up_buf_printf(&b, "%s; a=b; %s", seen, c);
	CU_ASSERT_EQUAL(open_at(rp, up_buf_cstr(&b), NOW + 1801, &refresh), UP_OK);
	CU_ASSERT_FALSE(refresh);
	CU_ASSERT_EQUAL(open_at(rp, up_buf_cstr(&b), NOW + 1700 + 1800, &refresh), UP_OK);
	CU_ASSERT_TRUE(refresh);
	CU_ASSERT_EQUAL(open_at(rp, up_buf_cstr(&b), NOW + 1700 + 1801, &refresh), UP_E_TOKEN);
	free(seen);
	seen = seen_of(rp, &s, NOW + 8 * 3600);
	up_buf_reset(&b);
	up_buf_printf(&b, "%s; %s", c, seen);
	CU_ASSERT_EQUAL(open_at(rp, up_buf_cstr(&b), NOW + 8 * 3600, &refresh), UP_OK);
	CU_ASSERT_EQUAL(open_at(rp, up_buf_cstr(&b), NOW + 8 * 3600 + 1, &refresh), UP_E_TOKEN);
	/* of the future */
	CU_ASSERT_EQUAL(open_at(rp, up_buf_cstr(&b), NOW + 1801, &refresh), UP_E_TOKEN);
	s.sid = UP_SPAN_LIT("another");
	other = seen_of(rp, &s, NOW + 1700);
	up_buf_reset(&b);
	up_buf_printf(&b, "%s; %s", c, other);
	CU_ASSERT_EQUAL(open_at(rp, up_buf_cstr(&b), NOW + 1801, &refresh), UP_E_TOKEN);
	/* of one purpose is not of the other */
	up_buf_reset(&b);
	up_buf_printf(&b, "%s=%s", UP_RP_SESSION_COOKIE, strchr(seen, '=') + 1);
	CU_ASSERT_EQUAL(open_at(rp, up_buf_cstr(&b), NOW, &refresh), UP_E_TOKEN);
	up_buf_free(&b);
	free(seen);
	free(other);
	free(c);
	up_rp_free(&rp);
}

/* A browser has one session here: of two, neither is believed. */
static void test_two_sessions(void)
{
	struct up_rp *rp = fake_rp(ISSUER, FAKE_CLIENT, fake_key_a);
	struct up_rp_session s = sample();
	char *c = cookie_of(rp, &s), *other;
	struct up_buf b = { 0 };
	bool refresh;

	up_buf_printf(&b, "%s; %s", c, c);
	CU_ASSERT_EQUAL(open_at(rp, up_buf_cstr(&b), NOW, &refresh), UP_OK);
	s.sid = UP_SPAN_LIT("another");
	other = cookie_of(rp, &s);
	for (int first = 0; first < 2; first++) {
		up_buf_reset(&b);
		up_buf_printf(&b, "%s; __Host-unitpass=junk; %s", first ? c : other,
		    first ? other : c);
		CU_ASSERT_EQUAL(open_at(rp, up_buf_cstr(&b), NOW, &refresh), UP_E_TOKEN);
	}
	free(other);
	s.created_s = s.seen_s = NOW - 1801;
	other = cookie_of(rp, &s);
	up_buf_reset(&b);
	up_buf_printf(&b, "%s; %s; %s=x", c, other, UP_RP_SESSION_COOKIE);
	/* one that is over is none */
	CU_ASSERT_EQUAL(open_at(rp, up_buf_cstr(&b), NOW, &refresh), UP_OK);
	up_buf_reset(&b);
	up_buf_put_str(&b, c);
	for (int i = 0; i < 7; i++)
		up_buf_printf(&b, "; %s=%d", UP_RP_SESSION_COOKIE, i);
	CU_ASSERT_EQUAL(open_at(rp, up_buf_cstr(&b), NOW, &refresh), UP_OK);
	up_buf_printf(&b, "; %s=8", UP_RP_SESSION_COOKIE);    /* more than are looked at */
	CU_ASSERT_EQUAL(open_at(rp, up_buf_cstr(&b), NOW, &refresh), UP_E_TOKEN);
	up_buf_reset(&b);
	up_buf_printf(&b, "theme=dark, %s", c);
	CU_ASSERT_EQUAL(open_at(rp, up_buf_cstr(&b), NOW, &refresh), UP_E_TOKEN);
	up_buf_free(&b);
	free(other);
	free(c);
	up_rp_free(&rp);
}

static void test_many_cookies(void)
{
	struct up_rp *rp = fake_rp(ISSUER, FAKE_CLIENT, fake_key_a);
	struct up_rp_session s = sample();
	char *c = cookie_of(rp, &s);
	struct up_buf b = { 0 };
	bool refresh;

	up_buf_printf(&b, "%s=junk; x__Host-unitpass=a;%s", UP_RP_SESSION_COOKIE, c);
	CU_ASSERT_EQUAL(open_at(rp, up_buf_cstr(&b), NOW, &refresh), UP_OK);
	up_buf_reset(&b);
	for (int i = 0; i < 100; i++)
		up_buf_printf(&b, "c%d=%d; ", i, i);
	up_buf_put_str(&b, c);
	CU_ASSERT_EQUAL(open_at(rp, up_buf_cstr(&b), NOW, &refresh), UP_OK);
	up_buf_reset(&b);
	for (int i = 0; i < 100; i++) /* more of our name than any browser sends: bounded work */
		up_buf_printf(&b, "%s=%d; ", UP_RP_SESSION_COOKIE, i);
	up_buf_put_str(&b, c);
	CU_ASSERT_EQUAL(open_at(rp, up_buf_cstr(&b), NOW, &refresh), UP_E_TOKEN);
	up_buf_free(&b);
	CU_ASSERT_EQUAL(open_at(rp, "", NOW, &refresh), UP_E_TOKEN);
	CU_ASSERT_EQUAL(
	    open_at(rp, ";;; ;=;__Host-unitpass;__Host-unitpass=;", NOW, &refresh), UP_E_TOKEN);
	free(c);
	up_rp_free(&rp);
}

static void test_too_large(void)
{
	struct up_rp *rp = fake_rp(ISSUER, FAKE_CLIENT, fake_key_a);
	struct up_rp_session s = sample();
	struct up_rp_opener *o;
	struct up_buf b = { 0 };
	char items[1401];

	memset(items, 'i', sizeof(items));
	CU_ASSERT_EQUAL_FATAL(up_rp_opener_new(rp, &o), UP_OK);
	s.items = up_span_of(items, 1400);
	CU_ASSERT_EQUAL(up_rp_session_cookie(o, &s, NOW, &b), UP_OK);
	CU_ASSERT(b.n < 4096);
	s.items = up_span_of(items, 1401);
	CU_ASSERT_EQUAL(up_rp_session_cookie(o, &s, NOW, &b), UP_E_TOO_LARGE);
	up_buf_free(&b);
	up_rp_opener_free(&o);
	up_rp_free(&rp);
}

/* What an opened session points to lies in one piece, each text with a NUL behind it: opened for
 * the first time, remembered, and copied. */
static void test_texts(void)
{
	static const char *const want[UP_RP_VALUES] = { FAKE_UNIT, "湖南省某某研究院", "143000001234",
		"user", "0123456789abcdefABCDEF", "张三", "", NULL, "ABCDEFGHIJKLMNOPQRSTUV" };
	struct up_rp *rp = fake_rp(ISSUER, FAKE_CLIENT, fake_key_a);
	struct up_rp_session s = sample(), got, copy;
	struct up_rp_opener *o;
	uint8_t bytes[3072];
	bool refresh;
	char *c;

	s.items = UP_SPAN_LIT("");
	c = cookie_of(rp, &s);
	CU_ASSERT_EQUAL_FATAL(up_rp_opener_new(rp, &o), UP_OK);
	for (int again = 0; again < 3; again++) {
		CU_ASSERT_EQUAL_FATAL(up_rp_session_open(o, up_span_str(c), NOW, &got, &refresh),
		    UP_OK);
		CU_ASSERT_FATAL(got.all.n <= sizeof(bytes));
		up_rp_session_copy(&got, &copy, bytes);
		for (size_t i = 0; i < UP_RP_VALUES; i++) {
			UP_CHECK_TEXT(up_span_str(up_rp_value_text(&got, i)),
			    want[i] != NULL ? want[i] : "");
			UP_CHECK_TEXT(up_span_str(up_rp_value_text(&copy, i)),
			    want[i] != NULL ? want[i] : "");
			CU_ASSERT_EQUAL(up_rp_value_text(&copy, i) == NULL, want[i] == NULL);
		}
		CU_ASSERT_PTR_NULL(up_rp_value_text(&got, UP_RP_VALUES));
		UP_CHECK_TEXT(copy.sub, "u-1");
		CU_ASSERT(copy.sub.p > bytes && copy.sub.p + copy.sub.n < bytes + copy.all.n);
		CU_ASSERT_EQUAL(copy.sub.p[copy.sub.n], '\0');
		CU_ASSERT_EQUAL(copy.seen_s, NOW);
	}
	free(c);
	up_rp_opener_free(&o);
	up_rp_free(&rp);
}

/* A typical Cookie header: analytics and application cookies beside ours. */
static void test_hot_path(void)
{
	struct up_rp *rp = fake_rp(ISSUER, FAKE_CLIENT, fake_key_a);
	const struct up_span values[] = { UP_SPAN_LIT("principal"), UP_SPAN_LIT("user") };
	struct up_rp_rule rule = { UP_RP_ROLE, values, 2 };
	struct up_rp_session s = sample();
	struct up_rp_opener *o;
	char *c = cookie_of(rp, &s);
	struct up_buf b = { 0 };
	int rounds = getenv("UP_BENCH") != NULL ? 500000 : 1000;
	struct timespec t0, t1;
	bool refresh;

	up_buf_printf(&b,
	    "_ga=GA1.1.1234567890.1700000000; JSESSIONID=0123456789ABCDEF0123456789ABCDEF; "
	    "theme=light; lang=zh-CN; %s; last=%%2Fhome",
	    c);
	CU_ASSERT_EQUAL_FATAL(up_rp_opener_new(rp, &o), UP_OK);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t0);
	for (int i = 0; i < rounds; i++) {
		struct up_rp_session got;

		if (up_rp_session_open(o, up_buf_span(&b), NOW, &got, &refresh) != UP_OK ||
		    !up_rp_rule_holds(&rule, &got))
			CU_FAIL_FATAL("session did not open");
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t1);
	if (rounds > 1000)
		printf(" session_open + rule: %.0f ns, header of %zu bytes ",
		    ((double)(t1.tv_sec - t0.tv_sec) * 1e9 + (double)(t1.tv_nsec - t0.tv_nsec)) /
			rounds,
		    b.n);
	up_buf_free(&b);
	free(c);
	up_rp_opener_free(&o);
	up_rp_free(&rp);
}

UP_SUITE("rp_session", test_round_trip, test_limits, test_damaged, test_remembered, test_foreign,
    test_rotation, test_seen, test_two_sessions, test_many_cookies, test_too_large, test_texts,
    test_hot_path)
