/* SPDX-License-Identifier: Apache-2.0
 * A phone's key, another's, and a right proof with what a server expects of it. Included by one
 * program each. */
#ifndef UP_TEST_DPOP_H
#define UP_TEST_DPOP_H

#include "core/dpop.h"

#include <openssl/err.h>

#include "unit.h"

#define NOW 1700000000
#define URL "https://id.example.org/holder/decisions"
static struct up_jwk *key, *other;

static inline void need_keys(void)
{
	if (key == NULL)
		CU_ASSERT_EQUAL_FATAL(up_jwk_generate(&key), UP_OK);
	if (other == NULL)
		CU_ASSERT_EQUAL_FATAL(up_jwk_generate(&other), UP_OK);
}

static inline struct up_dpop_make maker(void)
{
	need_keys();
	return (struct up_dpop_make) { .key = key,
		.method = "POST",
		.url = UP_SPAN_LIT(URL),
		.token = UP_SPAN_LIT("the-device-token"),
		.nonce = UP_SPAN_LIT("the-nonce"),
		.jti = UP_SPAN_LIT("0123456789abcdef"),
		.now_s = NOW };
}

static inline struct up_dpop_expect expected(void)
{
	need_keys();
	return (struct up_dpop_expect) { .method = "POST",
		.url = UP_SPAN_LIT(URL),
		.token = UP_SPAN_LIT("the-device-token"),
		.key = key,
		.now_s = NOW };
}

static inline enum up_err judge(struct up_span proof, const struct up_dpop_expect *x)
{
	struct up_dpop d;
	enum up_err err = up_dpop_parse(proof, x, &d);

	if (err == UP_OK)
		err = up_dpop_verify(&d, x);
	CU_ASSERT(err == UP_OK || err == UP_E_PROOF);
	CU_ASSERT_EQUAL(ERR_peek_error(), 0);
	up_dpop_free(&d);
	return err;
}

#endif
