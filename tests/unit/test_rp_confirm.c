/* SPDX-License-Identifier: Apache-2.0
 * "Is it you?": the first session of a unit in a browser waits for a word of the person who sits
 * there. */
#include "test_rp_scene.h"

static struct up_rp *setup_asking(struct fake_browser *b)
{
	struct up_rp *rp = setup(b);

	up_rp_free(&rp);
	return fake_rp_asking(issuer, FAKE_CLIENT, fake_key_a, true);
}

/* Begun, approved and redeemed: TEXT is what complete answers. */
static void approve(struct up_rp *rp, struct fake_browser *b, char id[32], char *text, size_t cap)
{
	struct claims c;

	CU_ASSERT_EQUAL(begin(rp, b, "return=%2Fa", id), 200);
	c = right_claims();
	answer_token(&c, key);
	CU_ASSERT_EQUAL(complete(rp, b, id, text, cap), 200);
}

static int say(struct up_rp *rp, struct fake_browser *b, const char *id, const char *word,
    char *text, size_t cap)
{
	struct up_rp_response r;
	char form[64];
	int status;

	snprintf(form, sizeof(form), "attempt=%s&confirm=%s", id, word);
	fake_fetch(rp, b, "POST", "/.unitpass/complete", form, &r);
	status = r.status;
	snprintf(text, cap, "%s", body_of(&r));
	up_rp_response_free(&r);
	return status;
}

static void test_first_time(void)
{
	static const char asked[] = "{\"confirm\":{\"unit\":{\"code\":\"" FAKE_UNIT "\","
	    "\"name\":\"某研究院\"},\"holder\":{\"role\":\"user\",\"name\":\"张*\"}}}";
	struct fake_browser b;
	struct up_rp *rp = setup_asking(&b);
	char id[32], text[512];

	approve(rp, &b, id, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, asked);
	CU_ASSERT_FALSE(signed_in(rp, &b));
	/* however often it is asked for, and whatever else is said */
	CU_ASSERT_EQUAL(complete(rp, &b, id, text, sizeof(text)), 200);
	CU_ASSERT_STRING_EQUAL(text, asked);
	CU_ASSERT_EQUAL(say(rp, &b, id, "maybe", text, sizeof(text)), 200);
	CU_ASSERT_STRING_EQUAL(text, asked);
	CU_ASSERT_FALSE(signed_in(rp, &b));
	CU_ASSERT_EQUAL(say(rp, &b, id, "yes", text, sizeof(text)), 200);
	CU_ASSERT_STRING_EQUAL(text, "{\"return\":\"/a\"}");
	CU_ASSERT_TRUE(signed_in(rp, &b));
	CU_ASSERT_EQUAL(fake_count("/token"), 1);
	/* from now on the browser knows the unit */
	approve(rp, &b, id, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "{\"return\":\"/a\"}");
	up_rp_free(&rp);
}

/* An answer that came before the question is none. */
static void test_answer_beforehand(void)
{
	struct fake_browser b;
	struct up_rp *rp = setup_asking(&b);
	struct claims c;
	char id[32], text[512];

	CU_ASSERT_EQUAL(begin(rp, &b, "return=%2Fa", id), 200);
	c = right_claims();
	answer_token(&c, key);
	CU_ASSERT_EQUAL(say(rp, &b, id, "yes", text, sizeof(text)), 200);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"confirm\""));
	CU_ASSERT_FALSE(signed_in(rp, &b));
	up_rp_free(&rp);
}

/* Declined: nothing here, the server is told by the code's second coming,
 * and the unit is as strange as before. */
static void test_declined(void)
{
	struct fake_browser b;
	struct up_rp *rp = setup_asking(&b);
	char id[32], text[512];

	approve(rp, &b, id, text, sizeof(text));
	answer_error("/token", 400, "invalid_grant");
	CU_ASSERT_EQUAL(say(rp, &b, id, "no", text, sizeof(text)), 200);
	CU_ASSERT_STRING_EQUAL(text, "{\"declined\":true}");
	CU_ASSERT_EQUAL(fake_count("/token"), 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(fake_last("/token"), "device_code=" DEVICE));
	CU_ASSERT_EQUAL(say(rp, &b, id, "yes", text, sizeof(text)), 409);
	CU_ASSERT_FALSE(signed_in(rp, &b));
	approve(rp, &b, id, text, sizeof(text));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"confirm\""));
	up_rp_free(&rp);
}

/* Neither yes nor no: it ends by itself, by a new code, and is nobody else's. */
static void test_left_alone(void)
{
	struct fake_browser b, other = { .now_s = NOW };
	struct up_rp *rp = setup_asking(&b);
	char id[32], text[512], form[64];

	approve(rp, &b, id, text, sizeof(text));
	CU_ASSERT_EQUAL(say(rp, &other, id, "yes", text, sizeof(text)), 409);
	CU_ASSERT_FALSE(signed_in(rp, &other));
	b.now_s = NOW + 301;
	CU_ASSERT_EQUAL(say(rp, &b, id, "yes", text, sizeof(text)), 409);
	CU_ASSERT_EQUAL(fake_count("/token"), 2);
	CU_ASSERT_FALSE(signed_in(rp, &b));
	b.now_s = NOW;
	approve(rp, &b, id, text, sizeof(text));
	snprintf(form, sizeof(form), "return=%%2F&attempt=%s", id);
	CU_ASSERT_EQUAL(begin(rp, &b, form, text), 200);
	CU_ASSERT_EQUAL(fake_count("/token"), 4);
	CU_ASSERT_EQUAL(say(rp, &b, id, "yes", text, sizeof(text)), 409);
	CU_ASSERT_FALSE(signed_in(rp, &b));
	up_rp_free(&rp);
}

/* Who is signed in already stays so until she says yes, and when she says no. */
static void test_keeps_who_is_there(void)
{
	struct fake_browser b;
	struct up_rp *rp = setup_asking(&b);
	char id[32], text[512];
	struct claims c;

	approve(rp, &b, id, text, sizeof(text));
	CU_ASSERT_EQUAL(say(rp, &b, id, "yes", text, sizeof(text)), 200);
	CU_ASSERT_EQUAL(begin(rp, &b, "return=%2Fa", id), 200);
	c = right_claims();
	c.unit = "{\"code\":\"12430100MB0A12342M\",\"name\":\"另一单位\",\"certificate\":\"C2\","
	    "\"certificate_version\":1}";
	c.rest = ",\"jti\":\"kkkkkkkkkkkkkkkk\",\"sub\":\"S2\",\"sid\":\"sid-2\"";
	answer_token(&c, key);
	CU_ASSERT_EQUAL(complete(rp, &b, id, text, sizeof(text)), 200);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "另一单位"));
	for (int i = 0; i < 2; i++) {
		struct up_rp_response r;

		fake_fetch(rp, &b, "GET", "/.unitpass/session", NULL, &r);
		CU_ASSERT_PTR_NOT_NULL(strstr(body_of(&r), "\"session\":\"sid-1\""));
		up_rp_response_free(&r);
		if (i == 0)
			CU_ASSERT_EQUAL(say(rp, &b, id, "no", text, sizeof(text)), 200);
	}
	up_rp_free(&rp);
}

/* The same in pages alone. */
static void test_without_script(void)
{
	struct fake_browser b;
	struct up_rp *rp = setup_asking(&b);
	struct up_rp_response r;
	struct claims c;
	char id[32], form[64], target[64];

	CU_ASSERT_EQUAL(begin(rp, &b, "return=%2Fa", id), 200);
	c = right_claims();
	answer_token(&c, key);
	snprintf(form, sizeof(form), "attempt=%s", id);
	fake_visit(rp, &b, "POST", "/.unitpass/complete", form, &r);
	CU_ASSERT_EQUAL(r.status, 200);
	CU_ASSERT_PTR_NOT_NULL(strstr(body_of(&r), "某研究院"));
	CU_ASSERT_PTR_NOT_NULL(strstr(body_of(&r), "张*"));
	CU_ASSERT_PTR_NULL(strstr(body_of(&r), "张三"));
	CU_ASSERT_PTR_NOT_NULL(strstr(body_of(&r), "name=\"confirm\" value=\"yes\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(body_of(&r), "name=\"confirm\" value=\"no\""));
	CU_ASSERT_STRING_EQUAL(fake_header(&r, "X-Frame-Options"), "DENY");
	up_rp_response_free(&r);
	/* a reload of the login page asks again */
	snprintf(target, sizeof(target), "/.unitpass/login?attempt=%s", id);
	fake_visit(rp, &b, "GET", target, NULL, &r);
	CU_ASSERT_PTR_NOT_NULL(strstr(body_of(&r), "name=\"confirm\" value=\"yes\""));
	up_rp_response_free(&r);
	snprintf(form, sizeof(form), "attempt=%s&confirm=yes", id);
	fake_visit(rp, &b, "POST", "/.unitpass/complete", form, &r);
	CU_ASSERT_EQUAL(r.status, 303);
	CU_ASSERT_STRING_EQUAL(fake_header(&r, "Location"), "/a");
	up_rp_response_free(&r);
	CU_ASSERT_TRUE(signed_in(rp, &b));
	up_rp_free(&rp);
}

/* A provider without watch_uri is redeemed while its state is asked for: no session then either. */
static void test_other_provider(void)
{
	struct fake_browser b;
	struct up_rp *rp = setup_asking(&b);
	struct up_rp_response r;
	struct claims c;
	char id[32], state[64], text[512];

	answer_begin("another-providers-device-code", false);
	CU_ASSERT_EQUAL(begin(rp, &b, "return=%2Fx", id), 200);
	c = right_claims();
	answer_token(&c, key);
	b.now_s += 15;
	snprintf(state, sizeof(state), "/.unitpass/state?attempt=%s", id);
	for (int i = 0; i < 2; i++) {
		fake_fetch(rp, &b, "GET", state, NULL, &r);
		CU_ASSERT_PTR_NOT_NULL(strstr(body_of(&r), "\"state\":\"approved\""));
		up_rp_response_free(&r);
	}
	CU_ASSERT_EQUAL(fake_count("/token"), 1);
	CU_ASSERT_FALSE(signed_in(rp, &b));
	CU_ASSERT_EQUAL(complete(rp, &b, id, text, sizeof(text)), 200);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"confirm\""));
	CU_ASSERT_EQUAL(say(rp, &b, id, "yes", text, sizeof(text)), 200);
	CU_ASSERT_STRING_EQUAL(text, "{\"return\":\"/x\"}");
	CU_ASSERT_TRUE(signed_in(rp, &b));
	up_rp_free(&rp);
}

/* The largest session and the longest return target: the cookie is one that browsers keep. */
static void test_large(void)
{
	struct fake_browser b;
	struct up_rp *rp = setup_asking(&b);
	struct claims c;
	char form[1200], id[32], text[2048],
	    rest[2048] = ",\"jti\":\"jjjjjjjjjjjjjjjj\",\"sub\":\"S1\",\"items\":[\"i\"";

	memset(form, 'a', sizeof(form));
	memcpy(form, "return=%2F", 10);
	form[10 + 1023] = '\0';
	for (int i = 0; i < 21; i++)
		snprintf(rest + strlen(rest), sizeof(rest) - strlen(rest), ",\"i%063d\"", i);
	strcat(rest, "]");
	CU_ASSERT_EQUAL(begin(rp, &b, form, id), 200);
	c = right_claims();
	c.rest = rest;
	answer_token(&c, key);
	CU_ASSERT_EQUAL(complete(rp, &b, id, text, sizeof(text)), 200);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"confirm\""));
	CU_ASSERT(strlen(b.cookies) < 4096 + 400);
	CU_ASSERT_EQUAL(say(rp, &b, id, "yes", text, sizeof(text)), 200);
	CU_ASSERT_TRUE(signed_in(rp, &b));
	up_rp_free(&rp);
}

/* A second browser cookie, slipped in by whoever can, brings no unit with it; nor does one before
 * so many that the browser's own is not looked at. */
static void test_slipped_in(void)
{
	for (int many = 0; many < 2; many++) {
		struct fake_browser b, other = { .now_s = NOW };
		struct up_rp *rp = setup_asking(&b);
		char id[32], text[512], own[sizeof(b.cookies)];
		struct claims c;

		approve(rp, &other, id, text, sizeof(text));
		CU_ASSERT_EQUAL(say(rp, &other, id, "yes", text, sizeof(text)), 200);
		CU_ASSERT_EQUAL(begin(rp, &b, "return=%2F", id), 200);
		snprintf(own, sizeof(own), "%s", b.cookies);
		snprintf(b.cookies, sizeof(b.cookies), "%s; ",
		    fake_cookie(&other, "__Host-unitpass-login"));
		for (int i = 0; many && i < 7; i++)
			strcat(b.cookies, "__Host-unitpass-login=x; ");
		strcat(b.cookies, own);
		c = right_claims();
		answer_token(&c, key);
		CU_ASSERT_EQUAL(complete(rp, &b, id, text, sizeof(text)), 200);
		CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"confirm\""));
		CU_ASSERT_FALSE(signed_in(rp, &b));
		up_rp_free(&rp);
	}
}

/* Each unit is asked for itself. */
static void test_many_units(void)
{
	struct fake_browser b;
	struct up_rp *rp = setup_asking(&b);
	char id[32], text[512], unit[256];
	int asked = 0;

	for (int round = 0; round < 2; round++) {
		struct claims c;

		CU_ASSERT_EQUAL(begin(rp, &b, "return=%2Fa", id), 200);
		c = right_claims();
		snprintf(unit, sizeof(unit), "{\"code\":\"%s\",\"name\":\"某\","
		    "\"certificate\":\"C1\",\"certificate_version\":1}",
		    round == 0 ? "124300001000001390" : "1243000010000042XX");
		c.unit = unit;
		answer_token(&c, key);
		CU_ASSERT_EQUAL(complete(rp, &b, id, text, sizeof(text)), 200);
		asked += strstr(text, "\"confirm\"") != NULL;
		CU_ASSERT_EQUAL(say(rp, &b, id, "yes", text, sizeof(text)), 200);
	}
	CU_ASSERT_EQUAL(asked, 2);
	up_rp_free(&rp);
}

UP_SUITE("rp_confirm", begin_server, test_first_time, test_answer_beforehand, test_declined,
    test_left_alone, test_keeps_who_is_there,
    test_without_script, test_other_provider, test_large, test_slipped_in,
    test_many_units, end_server)
