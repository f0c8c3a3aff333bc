/* SPDX-License-Identifier: Apache-2.0 */
#include "server/connect/platform_wire.h"
#include "unit.h"

#define SECRET UP_SPAN_LIT("0123456789abcdef0123456789abcdef")
#define NONCE UP_SPAN_LIT("AAAAAAAAAAAAAAAAAAAAAA")
#define NOW 1764489600

static const struct up_platform_mapping mapping = { "xm", "sfzh", "sjh", "data.result", "00 01",
	"02", "99" };
static const struct up_person person = { "张测试", "430102198808080010", "13800005678" };

/* Made with Python's hmac over the strings of doc/REALNAME.md. */
#define BODY "{\"xm\":\"张测试\",\"sfzh\":\"430102198808080010\",\"sjh\":\"13800005678\"}"
#define REQUEST_SIGNATURE "ff30417f5b255e4c8ae273463aa21ef08b8ab271b7975cdbabce556174eab2c5"
#define ANSWER "{\"data\":{\"result\":\"01\"}}"
#define ANSWER_SIGNATURE "8ac7c83a74c2cfca7331df411126c9d794d86287131b0215d63bcd9879aa1a1c"

static void test_request(void)
{
	const struct up_platform_signed of = { UP_SPAN_LIT("POST"), UP_SPAN_LIT("/check?v=1"),
		UP_SPAN_LIT("1764489600"), NONCE };
	char signature[UP_PLATFORM_SIGNATURE + 1];
	struct up_buf b = { 0 };

	up_platform_put_request(&b, &mapping, &person);
	UP_CHECK_TEXT(up_buf_span(&b), BODY);
	CU_ASSERT(up_platform_sign_request(SECRET, &of, up_buf_span(&b), signature) == UP_OK);
	CU_ASSERT_STRING_EQUAL(signature, REQUEST_SIGNATURE);
	up_buf_free(&b);
}

/* Each byte that is signed counts. */
static const struct { const char *secret, *status, *time, *nonce, *body, *signature; int64_t now;
	enum up_err err; } answers[] = {
	{ .err = UP_OK },
	{ .now = NOW + 1 + UP_PLATFORM_SKEW_S, .err = UP_OK },
	{ .now = NOW + 1 - UP_PLATFORM_SKEW_S, .err = UP_OK },
	{ .now = NOW + 2 + UP_PLATFORM_SKEW_S, .err = UP_E_CLOCK },
	{ .now = NOW - UP_PLATFORM_SKEW_S, .err = UP_E_CLOCK },
	{ .secret = "0123456789abcdef0123456789abcdeF", .err = UP_E_SIGNATURE },
	{ .status = "201", .err = UP_E_SIGNATURE },
	{ .time = "1764489602", .err = UP_E_SIGNATURE },
	{ .time = "", .err = UP_E_SIGNATURE },
	{ .nonce = "BAAAAAAAAAAAAAAAAAAAAA", .err = UP_E_SIGNATURE },
	{ .body = "{\"data\":{\"result\":\"00\"}}", .err = UP_E_SIGNATURE },
	{ .body = ANSWER " ", .err = UP_E_SIGNATURE },
	{ .signature = "", .err = UP_E_SIGNATURE },
	{ .signature = REQUEST_SIGNATURE, .err = UP_E_SIGNATURE },
	{ .signature = ANSWER_SIGNATURE "0", .err = UP_E_SIGNATURE },
};

static struct up_span either(const char *given, const char *usual)
{
	return up_span_str(given != NULL ? given : usual);
}

static void test_answers_signed(void)
{
	char row[32];

	for (size_t i = 0; i < UP_ARRAY_LEN(answers); i++) {
		const struct up_platform_signed of = { either(answers[i].status, "200"), { 0 },
			either(answers[i].time, "1764489601"), NONCE };
		struct up_platform_signed other = of;

		if (answers[i].nonce != NULL)
			other.nonce = up_span_str(answers[i].nonce);
		snprintf(row, sizeof(row), "answer %zu", i);
		UP_CHECK(up_platform_check_answer(
			either(answers[i].secret, "0123456789abcdef0123456789abcdef"), &other,
			either(answers[i].body, ANSWER),
			either(answers[i].signature, ANSWER_SIGNATURE),
			answers[i].now != 0 ? answers[i].now : NOW) == answers[i].err, row);
	}
}

/* What the answer says, where. */
static const struct { const char *body, *answer; enum up_err err;
	enum up_realname_outcome outcome; } said[] = {
	{ ANSWER, NULL, UP_OK, UP_REALNAME_MATCH },
	{ "{\"data\":{\"result\":\"00\"}}", NULL, UP_OK, UP_REALNAME_MATCH },
	{ "{\"data\":{\"result\":\"02\"},\"x\":[1]}", NULL, UP_OK, UP_REALNAME_MISMATCH },
	{ "{\"data\":{\"result\":99}}", NULL, UP_OK, UP_REALNAME_NOT_FOUND },
	{ "{\"data\":{\"result\":\"0\"}}", NULL, UP_E_RANGE, 0 },
	{ "{\"data\":{\"result\":\"00 01\"}}", NULL, UP_E_RANGE, 0 },
	{ "{\"data\":{\"result\":1}}", NULL, UP_E_RANGE, 0 },
	{ "{\"data\":{\"result\":\"\"}}", NULL, UP_E_REQUEST, 0 },
	{ "{\"data\":{\"result\":null}}", NULL, UP_E_REQUEST, 0 },
	{ "{\"data\":{\"result\":1.0}}", NULL, UP_E_REQUEST, 0 },
	{ "{\"data\":{\"result\":[\"00\"]}}", NULL, UP_E_REQUEST, 0 },
	{ "{\"data\":\"00\"}", NULL, UP_E_REQUEST, 0 },
	{ "{\"result\":\"00\"}", NULL, UP_E_REQUEST, 0 },
	{ "{\"data\":{\"result\":\"00\",\"result\":\"00\"}}", NULL, UP_E_REQUEST, 0 },
	{ "[\"00\"]", NULL, UP_E_REQUEST, 0 },
	{ "", NULL, UP_E_REQUEST, 0 },
	{ "{\"data\":{\"result\":\"00\"}", NULL, UP_E_REQUEST, 0 },
	{ "{\"ok\":true}", "ok", UP_OK, UP_REALNAME_MATCH },
	{ "{\"ok\":false}", "ok", UP_OK, UP_REALNAME_MISMATCH },
	{ "{\"ok\":\"true\"}", "ok", UP_OK, UP_REALNAME_MATCH },
};

static void test_answers_read(void)
{
	struct up_platform_mapping m = mapping;

	for (size_t i = 0; i < UP_ARRAY_LEN(said); i++) {
		enum up_realname_outcome outcome;

		m.answer = said[i].answer != NULL ? said[i].answer : mapping.answer;
		m.match = said[i].answer != NULL ? " true" : mapping.match;
		m.mismatch = said[i].answer != NULL ? "false  no" : mapping.mismatch;
		UP_CHECK(up_platform_read_answer(&m, up_span_str(said[i].body), &outcome) ==
		    said[i].err, said[i].body);
		UP_CHECK(outcome == said[i].outcome, said[i].body);
	}
}

static const struct { struct up_platform_mapping m; const char *which; } mappings[] = {
	{ { "xm", "sfzh", "sjh", "data.result", "00 01", "02", "99" }, NULL },
	{ { "姓名", "sfzh", "sjh", "a", "1", "2", "3" }, NULL },
	{ { "", "sfzh", "sjh", "a", "1", "2", "3" }, "name" },
	{ { "x m", "sfzh", "sjh", "a", "1", "2", "3" }, "name" },
	{ { "x.m", "sfzh", "sjh", "a", "1", "2", "3" }, "name" },
	{ { "x\xff", "sfzh", "sjh", "a", "1", "2", "3" }, "name" },
	{ { "xm", "xm", "sjh", "a", "1", "2", "3" }, "resident_id" },
	{ { "xm", "sfzh", "s\"h", "a", "1", "2", "3" }, "mobile" },
	{ { "xm", "sfzh", "sfzh", "a", "1", "2", "3" }, "mobile" },
	{ { "xm", "sfzh", "sjh", "a..b", "1", "2", "3" }, "answer" },
	{ { "xm", "sfzh", "sjh", ".a", "1", "2", "3" }, "answer" },
	{ { "xm", "sfzh", "sjh", "a.", "1", "2", "3" }, "answer" },
	{ { "xm", "sfzh", "sjh", "a", " ", "2", "3" }, "match" },
	{ { "xm", "sfzh", "sjh", "a", "1 2", "2", "3" }, "match" },
	{ { "xm", "sfzh", "sjh", "a", "1", "2 3", "3" }, "mismatch" },
	{ { "xm", "sfzh", "sjh", "a", "1", "2", "" }, "not_found" },
	{ { "xm", "sfzh", "sjh", "a", "1", "2", "3  1" }, "not_found" },
};

static void test_mapping(void)
{
	for (size_t i = 0; i < UP_ARRAY_LEN(mappings); i++) {
		const char *which = NULL;
		const char *wrong = up_platform_mapping_wrong(&mappings[i].m, &which);
		char row[32];

		snprintf(row, sizeof(row), "mapping %zu", i);
		UP_CHECK((wrong == NULL) == (mappings[i].which == NULL), row);
		UP_CHECK(wrong == NULL || strcmp(which, mappings[i].which) == 0, row);
	}
}

UP_SUITE("platform_wire", test_request, test_answers_signed, test_answers_read, test_mapping)
