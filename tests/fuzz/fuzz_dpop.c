/* SPDX-License-Identifier: Apache-2.0
 * A phone's proof and the decision in it. The input is "header LF claims", rightly signed here with
 * a key of our own, or a compact proof. */
#include "core/dpop.h"
#include "fuzz.h"

static const struct up_dpop_expect expect = {
	.method = "POST",
	.url = { (const uint8_t *)"https://id.example.org/holder/decisions", 39 },
	.token = { (const uint8_t *)"token", 5 },
	.now_s = 1700000000,
};

static void check(const struct up_dpop *d)
{
	struct up_decision got;

	FUZZ_HOLDS(d->jti.n >= 16 && d->jti.n <= 128 && d->nonce.n <= 128);
	if (up_decision_parse(d->jwt.claims, &got) != UP_OK)
		return;
	FUZZ_HOLDS(got.transaction.n > 0 && got.decision.n > 0);
	FUZZ_HOLDS(up_decision_match(&got, &got, 1700000000) ==
	    (got.exp > 1700000000 ? UP_OK : UP_E_SIGNATURE));
}

/* Who signs a body passes where none is asked for as well, and not with another one. */
static void check_body(struct up_span proof)
{
	static const struct up_span body = UP_SPAN_LIT("{}"), other = UP_SPAN_LIT("{ }");
	struct up_dpop_expect signs = expect, plain = expect;
	struct up_dpop d;

	signs.body = &body;
	if (up_dpop_parse(proof, &signs, &d) == UP_OK) {
		up_dpop_free(&d);
		FUZZ_HOLDS(up_dpop_parse(proof, &plain, &d) == UP_OK);
		up_dpop_free(&d);
		signs.body = &other;
		FUZZ_HOLDS(up_dpop_parse(proof, &signs, &d) == UP_E_PROOF);
	}
	up_dpop_free(&d);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct up_jwk *key;
	struct up_dpop_expect known = expect;
	struct up_span header, claims;
	struct up_buf proof = { 0 };
	struct up_dpop d;

	FUZZ_HOLDS(key != NULL || up_jwk_generate(&key) == UP_OK);
	known.key = key;
	if (up_span_cut(up_span_of(data, size), '\n', &header, &claims)) {
		FUZZ_HOLDS(up_jwt_sign_header(key, header, claims, &proof) == UP_OK);
	} else {
		up_buf_put_span(&proof, header);
	}
	/* nobody's header can hold the key that was made above */
	FUZZ_HOLDS(up_dpop_parse(up_buf_span(&proof), &known, &d) == UP_E_PROOF);
	up_dpop_free(&d);
	if (up_dpop_parse(up_buf_span(&proof), &expect, &d) == UP_OK)
		check(&d);
	up_dpop_free(&d);
	check_body(up_buf_span(&proof));
	up_buf_free(&proof);
	return 0;
}
