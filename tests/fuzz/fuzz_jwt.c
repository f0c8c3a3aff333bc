/* SPDX-License-Identifier: Apache-2.0
 * A token from outside. The input is "header LF claims", as text that the fuzzer can grow, or a
 * compact token. */
#include <string.h>

#include "core/jws.h"
#include "core/text.h"
#include "fuzz.h"

/* The text of the parts decides nothing but the signature: 86 characters are enough here. */
static void compose(struct up_span in, struct up_buf *out)
{
	static const uint8_t sig[64] = { 1 };
	struct up_span header, claims;

	if (!up_span_cut(in, '\n', &header, &claims)) {
		up_buf_put_span(out, in);
		return;
	}
	up_text_put_b64url(out, header);
	up_buf_put_char(out, '.');
	up_text_put_b64url(out, claims);
	up_buf_put_char(out, '.');
	up_text_put_b64url(out, up_span_of(sig, sizeof(sig)));
}

static void check(const struct up_jwt *t, struct up_span text)
{
	const struct up_jwt_expect x = { .iss = "i",
		.aud = "a",
		.need_exp = true,
		.need_jti = true,
		.now_s = 1700000000,
		.leeway_s = 60,
		.max_age_s = 300 };
	const char *alg = json_string_value(json_object_get(t->header, "alg"));

	FUZZ_HOLDS(t->signed_part.n + 87 == text.n && alg != NULL && strcmp(alg, "ES256") == 0 &&
	    json_object_get(t->header, "crit") == NULL);
	if (up_jwt_expect(t, &x) == UP_OK)
		FUZZ_HOLDS(json_is_number(json_object_get(t->claims, "exp")));
	/* the claims serve as a key set too */
	FUZZ_HOLDS(up_jws_verify(t, t->claims) != UP_OK);
}

/* The same bytes as an ID token of another issuer: no key verifies what nobody signed. */
static void check_foreign(struct up_span text)
{
	struct up_jwt t;

	if (up_jws_parse(text, &t) == UP_OK) {
		FUZZ_HOLDS(t.sig_text.n > 0 && t.sig_text.p + t.sig_text.n == text.p + text.n);
		FUZZ_HOLDS(up_jws_verify(&t, t.claims) != UP_OK);
	}
	up_jwt_free(&t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const typs[] = { NULL, "JWT", "dpop+jwt" };
	struct up_buf text = { 0 };
	struct up_jwt t;

	compose(up_span_of(data, size), &text);
	for (size_t i = 0; i < UP_ARRAY_LEN(typs); i++) {
		if (up_jwt_parse(up_buf_span(&text), typs[i], &t) == UP_OK)
			check(&t, up_buf_span(&text));
		else
			FUZZ_HOLDS(t.header == NULL && t.claims == NULL);
		up_jwt_free(&t);
	}
	check_foreign(up_buf_span(&text));
	up_buf_free(&text);
	return 0;
}
