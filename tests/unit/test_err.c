/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"
#include "unit.h"

#include <string.h>

static void test_every_value_has_a_row(void)
{
	for (unsigned i = 0; i < UP_E_N; i++) {
		const struct up_reply *r = up_err_reply((enum up_err)i);
		const char *name = up_err_name((enum up_err)i);

		UP_CHECK(strcmp(name, "unknown") != 0 && name[0] != '\0', name);
		UP_CHECK(r->oauth != NULL && (r->oauth[0] != '\0') == (i != UP_E_NO_TOKEN), name);
		UP_CHECK(r->en != NULL && strlen(r->en) > 10, name);
		UP_CHECK(r->zh != NULL && up_text_utf8_count(up_span_str(r->zh)) > 5, name);
		UP_CHECK(up_text_utf8_valid(up_span_str(r->zh)), name);
		UP_CHECK(i == UP_OK ? r->http == 200 : r->http >= 400 && r->http <= 503, name);
	}
}

/* RFC 6749 section 5.2: the characters of "error" and "error_description". */
static void test_texts_are_wire_safe(void)
{
	for (unsigned i = 0; i < UP_E_N; i++) {
		const struct up_reply *r = up_err_reply((enum up_err)i);

		for (const char *s = r->en; *s != '\0'; s++)
			UP_CHECK(*s >= 0x20 && *s < 0x7f && *s != '"' && *s != '\\', r->en);
		for (const char *s = r->oauth; *s != '\0'; s++)
			UP_CHECK((*s >= 'a' && *s <= 'z') || *s == '_', r->oauth);
	}
}

static void test_names_differ(void)
{
	for (unsigned i = 0; i < UP_E_N; i++)
		for (unsigned k = 0; k < i; k++)
			UP_CHECK(
			    strcmp(up_err_name((enum up_err)i), up_err_name((enum up_err)k)) != 0,
			    up_err_name((enum up_err)i));
}

static void test_replies(void)
{
	static const struct { enum up_err err; int http; const char *oauth;
	} rows[] = {
		{ UP_E_REQUEST, 400, "invalid_request" },
		{ UP_E_TYPE, 415, "invalid_request" },
		{ UP_E_TOO_LARGE, 413, "invalid_request" },
		{ UP_E_HEADERS, 431, "invalid_request" },
		{ UP_E_NOT_FOUND, 404, "invalid_request" },
		{ UP_E_METHOD, 405, "invalid_request" },
		{ UP_E_RATE, 429, "temporarily_unavailable" },
		{ UP_E_CLIENT, 401, "invalid_client" },
		{ UP_E_ASSERTION, 401, "invalid_client" },
		{ UP_E_UNAUTHORIZED_CLIENT, 400, "unauthorized_client" },
		{ UP_E_GRANT_TYPE, 400, "unsupported_grant_type" },
		{ UP_E_SCOPE, 400, "invalid_scope" },
		{ UP_E_GRANT, 400, "invalid_grant" },
		{ UP_E_PENDING, 400, "authorization_pending" },
		{ UP_E_SLOW_DOWN, 400, "slow_down" },
		{ UP_E_DENIED, 400, "access_denied" },
		{ UP_E_EXPIRED, 400, "expired_token" },
		{ UP_E_CODE, 400, "invalid_code" },
		{ UP_E_STATE, 409, "wrong_state" },
		{ UP_E_PROOF, 401, "invalid_dpop_proof" },
		{ UP_E_NONCE, 401, "use_dpop_nonce" },
		{ UP_E_TOKEN, 401, "invalid_token" },
		{ UP_E_NO_TOKEN, 401, "" },
		{ UP_E_REPLAY, 401, "invalid_dpop_proof" },
		{ UP_E_PASSWORD, 403, "wrong_password" },
		{ UP_E_LOCKED, 403, "password_locked" },
		{ UP_E_WEAK, 400, "weak_password" },
		{ UP_E_PERSON, 403, "wrong_person" },
		{ UP_E_STATEMENT, 400, "statement_not_agreed" },
		{ UP_E_ROLE, 403, "role_not_live" },
		{ UP_E_ITEM_GRANT, 403, "item_not_granted" },
		{ UP_E_SUSPENDED, 403, "principal_suspended" },
		{ UP_E_AUTHORISE, 403, "may_not_authorise" },
		{ UP_E_MANAGERS, 409, "managers_full" },
		{ UP_E_OTHER_ROLE, 409, "other_role" },
		{ UP_E_MISMATCH, 400, "person_mismatch" },
		{ UP_E_NO_PERSON, 400, "person_unknown" },
		{ UP_E_PERIOD_PAST, 400, "period_past" },
		{ UP_E_PERIOD_SHORT, 400, "period_too_short" },
		{ UP_E_PERIOD_LONG, 400, "period_too_long" },
		{ UP_E_PERIOD_OVER, 409, "period_over" },
		{ UP_E_STORE, 503, "temporarily_unavailable" },
		{ UP_E_BUSY, 503, "temporarily_unavailable" },
		{ UP_E_LIVE, 503, "temporarily_unavailable" },
		{ UP_E_CLOCK, 503, "temporarily_unavailable" },
		{ UP_E_UPSTREAM, 503, "temporarily_unavailable" },
		{ UP_E_PROVIDER, 502, "unusable_answer" },
		{ UP_E_NOMEM, 500, "server_error" },
		{ UP_E_IO, 500, "server_error" },
		{ UP_E_CONFIG, 500, "server_error" },
		{ UP_E_CRYPTO, 500, "server_error" },
		{ UP_E_N, 500, "server_error" },
		{ (enum up_err) - 1, 500, "server_error" },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		UP_CHECK(up_err_reply(rows[i].err)->http == rows[i].http, up_err_name(rows[i].err));
		UP_CHECK(strcmp(up_err_reply(rows[i].err)->oauth, rows[i].oauth) == 0,
		    up_err_name(rows[i].err));
	}
	CU_ASSERT_STRING_EQUAL(up_err_name(UP_E_N), "unknown");
}

UP_SUITE(
    "err", test_every_value_has_a_row, test_texts_are_wire_safe, test_names_differ, test_replies)
