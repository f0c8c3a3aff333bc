/* SPDX-License-Identifier: Apache-2.0
 * A login without a browser against a scripted provider. */
#include "module/rp/terminal.h"
#include "test_rp_scene.h"

static struct up_terminal *terminal;

static void set_up(void)
{
	char why[256];

	fake_reset();
	fake_provider(issuer, key);
	answer_begin(DEVICE, false);
	answer_error("/token", 400, "authorization_pending");
	fake_logged[0] = '\0';
	CU_ASSERT_EQUAL_FATAL(up_terminal_new(
				  &(struct up_rp_settings) {
				      .issuer = issuer,
				      .client = FAKE_CLIENT,
				      .secret_file = fake_file("secret", FAKE_SECRET "\n", 0600),
				  },
				  &terminal, why),
	    UP_OK);
}

static enum up_err begin_terminal(struct up_terminal_view *v)
{
	return up_terminal_begin(terminal, &(struct up_terminal_ask){
		.item = UP_SPAN_LIT("shell"), .purpose = UP_SPAN_LIT("ssh login to db1 as alice"),
		.initiator_ip = UP_SPAN_LIT("192.0.2.7"), .now_s = NOW,
	}, v);
}

static enum up_err poll_terminal(struct up_identity *id)
{
	return up_terminal_poll(terminal, NOW, id);
}

static void test_settings(void)
{
	char why[256];

	begin_server();
	CU_ASSERT_EQUAL(
	    up_terminal_new(
		&(struct up_rp_settings) { .issuer = issuer, .client = "c" }, &terminal, why),
	    UP_E_CONFIG);
	CU_ASSERT_PTR_NULL(terminal);
	UP_CHECK(strstr(why, "secret_file") != NULL, why);
	CU_ASSERT_EQUAL(
	    up_terminal_new(
		&(struct up_rp_settings) { .issuer = "http://id.example.org", .client = "c" },
		&terminal, why),
	    UP_E_CONFIG);
	UP_CHECK(strstr(why, "issuer") != NULL, why);
}

static void test_accepts(void)
{
	struct up_terminal_view v;
	struct up_identity id;
	struct claims c;

	set_up();
	CU_ASSERT_EQUAL_FATAL(begin_terminal(&v), UP_OK);
	CU_ASSERT(up_span_starts(v.qr, issuer) && v.uri.n == 0 && v.expires_in_s == 300);
	UP_CHECK_TEXT(v.user_code, "BCDF-GHJK");
	CU_ASSERT_STRING_EQUAL(fake_member(fake_last("/da"), "item"), "shell");
	CU_ASSERT_PTR_NOT_NULL(
	    strstr(fake_last("/da"), "purpose=ssh%20login%20to%20db1%20as%20alice"));
	CU_ASSERT_EQUAL(up_terminal_interval(terminal), 5);
	CU_ASSERT_EQUAL(poll_terminal(&id), UP_E_PENDING);
	answer_error("/token", 400, "slow_down");
	CU_ASSERT_EQUAL(poll_terminal(&id), UP_E_PENDING);
	CU_ASSERT_EQUAL(up_terminal_interval(terminal), 10);
	c = right_claims();
	answer_token(&c, key);
	CU_ASSERT_EQUAL(poll_terminal(&id), UP_OK);
	UP_CHECK_TEXT(id.session.unit_code, FAKE_UNIT);
	UP_CHECK_TEXT(id.session.holder_ref, "H1");
	up_idtoken_free(&id);
	/* once */
	CU_ASSERT_EQUAL(poll_terminal(&id), UP_E_EXPIRED);
	up_idtoken_free(&id);
	CU_ASSERT_PTR_NULL(strstr(fake_logged, FAKE_SECRET));
	CU_ASSERT_PTR_NULL(strstr(fake_logged, DEVICE));
	up_terminal_free(&terminal);
}

static void test_errors(void)
{
	static const struct { const char *error; enum up_err want; } rows[] = {
		{ "access_denied", UP_E_DENIED }, { "expired_token", UP_E_EXPIRED },
		{ "invalid_grant", UP_E_EXPIRED }, { "invalid_client", UP_E_PROVIDER },
		{ "nonsense", UP_E_PROVIDER },
	};
	struct up_terminal_view v;
	struct up_identity id;

	set_up();
	CU_ASSERT_EQUAL(poll_terminal(&id), UP_E_EXPIRED);
	CU_ASSERT_EQUAL_FATAL(begin_terminal(&v), UP_OK);
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		answer_error("/token", 400, rows[i].error);
		UP_CHECK(poll_terminal(&id) == rows[i].want, rows[i].error);
		up_idtoken_free(&id);
	}
	up_terminal_free(&terminal);
}

/* Every one of these is used up and no identity. */
static void test_refuses_tokens(void)
{
	struct up_terminal_view v;
	struct up_identity id;

	for (int i = 0; i < 6; i++) {
		struct claims c;

		set_up();
		CU_ASSERT_EQUAL_FATAL(begin_terminal(&v), UP_OK);
		c = right_claims();
		c.nonce = i == 1 ? "AAAAAAAAAAAAAAAAAAAAAA" : c.nonce;
		c.aud = i == 2 ? "\"another\"" : c.aud;
		c.iss = i == 3 ? "https://id.example.org" : c.iss;
		c.times = i == 4 ? "\"exp\":1699990600,\"iat\":1699990000,\"nbf\":1699990000"
				 : c.times;
		c.holder = i == 5 ? "{\"ref\":\"H1\",\"role\":\"root\",\"name\":\"a\"}" : c.holder;
		answer_token(&c, i == 0 ? other_key : key);
		switch (poll_terminal(&id)) {
		case UP_OK: case UP_E_PENDING: case UP_E_UPSTREAM:
			CU_FAIL("accepted, or would be asked again");
			break;
		default:
			break;
		}
		up_idtoken_free(&id);
		CU_ASSERT_EQUAL(poll_terminal(&id), UP_E_EXPIRED);
		up_idtoken_free(&id);
		up_terminal_free(&terminal);
	}
}

static void answer_view(const char *rest)
{
	struct up_buf b = { 0 };

	up_buf_printf(&b,
	    "{\"device_code\":\"" DEVICE "\",\"expires_in\":300,\"verification_uri\":\"%s/v\"%s}",
	    issuer, rest);
	fake_answer("/da", 200, "Content-Type: application/json\r\n", up_buf_cstr(&b));
	up_buf_free(&b);
}

static void test_views(void)
{
	struct up_terminal_view v;
	struct up_buf b = { 0 };

	set_up();
	answer_view(",\"user_code\":\"BCDF-GHJK\",\"interval\":0");
	CU_ASSERT_EQUAL(begin_terminal(&v), UP_OK);
	CU_ASSERT(v.qr.n == 0 && up_span_starts(v.uri, issuer) && v.user_code.n == 9);
	CU_ASSERT_EQUAL(up_terminal_interval(terminal), 1);
	answer_view("");
	CU_ASSERT_EQUAL(begin_terminal(&v), UP_E_PROVIDER);
	CU_ASSERT_PTR_NOT_NULL(strstr(fake_logged, "member=user_code"));
	up_buf_printf(&b, ",\"user_code\":\"BCDF-GHJK\",\"watch_uri\":\"%s" WATCH "\"", issuer);
	answer_view(up_buf_cstr(&b));
	CU_ASSERT_EQUAL(begin_terminal(&v), UP_E_CONFIG);
	CU_ASSERT_PTR_NOT_NULL(strstr(fake_logged, "--static-qr"));
	answer_view(",\"user_code\":\"\\u001b[2J\"");
	CU_ASSERT_EQUAL(begin_terminal(&v), UP_E_PROVIDER);
	answer_view(",\"user_code\":\"A\",\"verification_uri_complete\":\"https://a\\u202eb\"");
	CU_ASSERT_EQUAL(begin_terminal(&v), UP_E_PROVIDER);
	answer_error("/da", 400, "invalid_request");
	CU_ASSERT_EQUAL(begin_terminal(&v), UP_E_ITEM);
	answer_error("/da", 429, "slow_down");
	CU_ASSERT_EQUAL(begin_terminal(&v), UP_E_RATE);
	up_buf_free(&b);
	up_terminal_free(&terminal);
	end_server();
	fake_clean();
}

UP_SUITE("pam_terminal", test_settings, test_accepts, test_errors, test_refuses_tokens, test_views)
