/* SPDX-License-Identifier: Apache-2.0
 * What an administrator may set, and what is refused, by name. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "test_rp_fake.h"

#define ISSUER "https://id.example.org"

static void test_settings(void)
{
	static const struct {
		const char *issuer, *client, *secret, *keys, *page;
		int mode;
		const char *why;
	} rows[] = {
		{ NULL, "c", FAKE_SECRET, fake_key_a, NULL, 0600, "issuer" },
		{ "http://id.example.org", "c", FAKE_SECRET, fake_key_a, NULL, 0600, "issuer" },
		{ "https://u@id.example.org", "c", FAKE_SECRET, fake_key_a, NULL, 0600, "issuer" },
		{ ISSUER "?x", "c", FAKE_SECRET, fake_key_a, NULL, 0600, "issuer" },
		{ ISSUER, NULL, FAKE_SECRET, fake_key_a, NULL, 0600, "client" },
		{ ISSUER, "a b", FAKE_SECRET, fake_key_a, NULL, 0600, "client" },
		{ ISSUER, "c", "", fake_key_a, NULL, 0600, "secret_file" },
		{ ISSUER, "c", "\r\n", fake_key_a, NULL, 0600, "secret_file" },
		{ ISSUER, "c", "a\tb", fake_key_a, NULL, 0600, "secret_file" },
		{ ISSUER, "c", "a\n\n", fake_key_a, NULL, 0600, "secret_file" },
		{ ISSUER, "c", "short", fake_key_a, NULL, 0600, "secret_file" },
		{ ISSUER, "c", " p+%&=: \xe5\xaf\x86\r\n", fake_key_a, NULL, 0600, NULL },
		{ ISSUER "/", "c", FAKE_SECRET, fake_key_a, NULL, 0600, NULL },
		{ ISSUER "/realms/x/", "c", FAKE_SECRET, fake_key_a, NULL, 0600, NULL },
		{ ISSUER "/#x", "c", FAKE_SECRET, fake_key_a, NULL, 0600, "issuer" },
		{ ISSUER, "c", FAKE_SECRET "\nx", fake_key_a, NULL, 0600, "secret_file" },
		{ ISSUER, "c", FAKE_SECRET, "nonsense", NULL, 0600, "session_key_file" },
		{ ISSUER, "c", FAKE_SECRET, "", NULL, 0600, "session_key_file" },
		{ ISSUER, "c", FAKE_SECRET, fake_key_a, NULL, 0640, "session_key_file" },
		{ ISSUER, "c", FAKE_SECRET, fake_key_a, NULL, 0604, "session_key_file" },
		{ ISSUER, "c", FAKE_SECRET, fake_key_a, NULL, 0620, "session_key_file" },
		{ ISSUER, "c", FAKE_SECRET, fake_key_a, "{{unknown}}", 0600, "page_file" },
		{ ISSUER, "c", FAKE_SECRET, fake_key_a, "{{lang", 0600, "page_file" },
		{ ISSUER, "c", FAKE_SECRET, fake_key_a, "\xff", 0600, "page_file" },
		{ ISSUER, "c", FAKE_SECRET, fake_key_a, "<p>{{attempt}}", 0600, NULL },
		{ ISSUER "/realms/x", "c", FAKE_SECRET, fake_key_a, NULL, 0400, NULL },
		{ "http://127.0.0.1:8080", "c", FAKE_SECRET, fake_key_a, NULL, 0600, NULL },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_rp_settings s = { .issuer = rows[i].issuer, .client = rows[i].client };
		struct up_rp *rp = (struct up_rp *)1;
		char why[256];
		enum up_err err;

		s.secret_file = fake_file("secret", rows[i].secret, 0600);
		s.session_key_file = fake_file("keys", rows[i].keys, rows[i].mode);
		s.page_file = rows[i].page != NULL ? fake_file("page", rows[i].page, 0644) : NULL;
		err = up_rp_new(&s, &rp, why);
		UP_CHECK(err == (rows[i].why != NULL ? UP_E_CONFIG : UP_OK), why);
		UP_CHECK((rp == NULL) == (rows[i].why != NULL), why);
		UP_CHECK(rows[i].why == NULL || strncmp(why, rows[i].why, strlen(rows[i].why)) == 0,
		    why);
		up_rp_free(&rp);
		fake_clean();
	}
}

static void test_credentials(void)
{
	struct up_rp_settings s = { .issuer = ISSUER, .client = "c" };
	struct up_jwk *key;
	struct up_rp *rp;
	char why[256], *text;
	json_t *o;

	s.session_key_file = fake_file("keys", fake_key_a, 0600);
	CU_ASSERT_EQUAL(up_rp_new(&s, &rp, why), UP_E_CONFIG);
	CU_ASSERT_EQUAL_FATAL(up_jwk_generate(&key), UP_OK);
	for (int private_too = 0; private_too < 2; private_too++) {
		o = up_jwk_to_json(key, private_too);
		text = json_dumps(o, 0);
		s.key_file = fake_file("jwk", text, 0600);
		CU_ASSERT_EQUAL(up_rp_new(&s, &rp, why), private_too ? UP_OK : UP_E_CONFIG);
		up_rp_free(&rp);
		free(text);
		json_decref(o);
	}
	s.secret_file = fake_file("secret", FAKE_SECRET, 0600);
	CU_ASSERT_EQUAL(up_rp_new(&s, &rp, why), UP_E_CONFIG);
	s.key_file = NULL;
	s.secret_file = "/nonexistent/secret";
	CU_ASSERT_EQUAL(up_rp_new(&s, &rp, why), UP_E_CONFIG);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "secret_file: /nonexistent/secret"));
	up_jwk_free(&key);
	fake_clean();
}

UP_SUITE("rp_settings", test_settings, test_credentials)
