/* SPDX-License-Identifier: Apache-2.0
 * Memory running out at every place in turn, in OpenSSL, in jansson or in our own: no crash, and
 * nothing passes that is not right. */
#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "core/dpop.h"
#include "core/frame.h"
#include "core/seal.h"
#include "unit.h"

static long left = -1;                   /* allocations that still succeed; -1: all do */

static bool fails(void)
{
	if (left < 0)
		return false;
	if (left > 0) {
		left--;
		return false;
	}
	return true;
}

static void *ssl_malloc(size_t n, const char *file, int line)
{
	(void)file, (void)line;
	return fails() ? NULL : malloc(n);
}

static void *ssl_realloc(void *p, size_t n, const char *file, int line)
{
	(void)file, (void)line;
	return fails() ? NULL : realloc(p, n);
}

static void ssl_free(void *p, const char *file, int line)
{
	(void)file, (void)line;
	free(p);
}

static void *json_alloc(size_t n)
{
	return fails() ? NULL : malloc(n);
}

/* OpenSSL takes other functions only before its first allocation. */
__attribute__((constructor)) static void
install(void)
{
	if (CRYPTO_set_mem_functions(ssl_malloc, ssl_realloc, ssl_free) != 1)
		abort();
	json_set_alloc_funcs(json_alloc, free);
}

static struct up_jwk *key;
static struct up_buf proof, forged, sealed, spoilt;
static uint8_t xy[64];
#define URL "https://id.example.org/holder/scan"
static const uint8_t nonce[UP_SEAL_NONCE] = { 1 }, ring_key[32] = { 2 };
static const struct up_dpop_expect expect = {
	.method = "POST", .url = { (const uint8_t *)URL, sizeof(URL) - 1 }, .now_s = 1700000000
};

/* With plenty of memory: what the tests use, and OpenSSL's first look for each kind of algorithm.
 * (When memory ends within that first look, OpenSSL 3.0 takes the kind for missing as long as the
 * process lives: closed, but for good.) */
static void prepare(void)
{
	struct up_buf frame = { 0 };
	struct up_dpop_make m = { .method = "POST",
		.url = expect.url,
		.jti = UP_SPAN_LIT("0123456789abcdef"),
		.now_s = 1700000000 };
	struct up_seal *s = NULL;

	left = -1;
	CU_ASSERT_EQUAL_FATAL(up_jwk_generate(&key), UP_OK);
	up_jwk_public(key, xy);
	m.key = key;
	CU_ASSERT_EQUAL(up_dpop_make(&m, &proof), UP_OK);
	up_buf_put_span(&forged, up_buf_span(&proof));
	forged.p[forged.n - 10] = forged.p[forged.n - 10] == 'A' ? 'B' : 'A';
	CU_ASSERT_EQUAL(up_seal_new(ring_key, 1, &s), UP_OK);
	CU_ASSERT_EQUAL(
	    up_seal_put(s, UP_SPAN_LIT("p"), nonce, UP_SPAN_LIT("value"), &sealed), UP_OK);
	up_buf_put_span(&spoilt, up_buf_span(&sealed));
	spoilt.p[spoilt.n - 10] = spoilt.p[spoilt.n - 10] == 'A' ? 'B' : 'A';
	up_seal_free(&s);
	CU_ASSERT_EQUAL(up_frame_put(ring_key, ring_key, 5, &frame), UP_OK);
	up_buf_free(&frame);
}

static enum up_err try_proof(struct up_span text)
{
	struct up_dpop d;
	enum up_err err = up_dpop_parse(text, &expect, &d);

	if (err == UP_OK)
		err = up_dpop_verify(&d, &expect);
	up_dpop_free(&d);
	return err;
}

static enum up_err good_proof(void)
{
	return try_proof(up_buf_span(&proof));
}

static enum up_err bad_proof(void)
{
	return try_proof(up_buf_span(&forged));
}

static enum up_err try_seal(struct up_span text)
{
	struct up_seal *s = NULL;
	uint8_t out[64];
	size_t n;
	bool old;
	enum up_err err = up_seal_new(ring_key, 1, &s);

	if (err == UP_OK)
		err = up_seal_take(s, UP_SPAN_LIT("p"), text, out, sizeof(out), &n, &old);
	if (err == UP_OK && !up_span_eq_str(up_span_of(out, n), "value"))
		CU_FAIL("opened to something else");
	up_seal_free(&s);
	return err;
}

static enum up_err good_seal(void)
{
	return try_seal(up_buf_span(&sealed));
}

static enum up_err bad_seal(void)
{
	return try_seal(up_buf_span(&spoilt));
}

static enum up_err try_frame(uint8_t flip)
{
	struct up_buf b = { 0 };
	struct up_frame f;
	const uint8_t handle[UP_FRAME_HANDLE] = { 3 };
	enum up_err err = up_frame_put(ring_key, handle, 5, &b);

	if (err == UP_OK && (err = up_frame_parse(up_buf_span(&b), &f)) == UP_OK) {
		f.mac[3] ^= flip;
		err = up_frame_check(&f, ring_key, 5);
	}
	up_buf_free(&b);
	return err;
}

static enum up_err good_frame(void)
{
	return try_frame(0);
}

static enum up_err bad_frame(void)
{
	return try_frame(1);
}

/* A signature that is made is one that holds. */
static enum up_err good_sign(void)
{
	uint8_t sig[64];
	enum up_err err = up_jwk_sign(key, UP_SPAN_LIT("data"), sig);
	long was = left;

	left = -1;
	if (err == UP_OK)
		CU_ASSERT_EQUAL(up_jwk_verify(key, UP_SPAN_LIT("data"), sig), UP_OK);
	left = was;
	return err;
}

static enum up_err good_generate(void)
{
	struct up_jwk *k = NULL;
	enum up_err err = up_jwk_generate(&k);

	CU_ASSERT_EQUAL(k != NULL, err == UP_OK);
	up_jwk_free(&k);
	return err;
}

static enum up_err good_private(void)
{
	struct up_jwk *k = NULL;
	json_t *o = up_jwk_to_json(key, true);
	enum up_err err = o == NULL ? UP_E_NOMEM : up_jwk_from_json(o, false, &k);

	CU_ASSERT_EQUAL(k != NULL, err == UP_OK);
	up_jwk_free(&k);
	json_decref(o);
	return err;
}

/* A point off the curve is no key, however little memory there is to find that out. */
static enum up_err bad_public(void)
{
	struct up_jwk *k = NULL;
	uint8_t off[64];
	enum up_err err;

	memcpy(off, xy, sizeof(off));
	off[63] ^= 1;
	err = up_jwk_from_public(off, &k);
	up_jwk_free(&k);
	return err;
}

/* Memory ends after N allocations, for every N until it is enough. */
static void every_place(enum up_err (*f)(void), bool may_pass)
{
	enum up_err err = UP_E_NOMEM;
	long n;

	prepare();
	for (n = 0; n < 20000; n++) {
		bool reached;

		left = n;
		err = f();
		reached = left == 0;
		left = -1;
		ERR_clear_error();
		if (!may_pass)
			CU_ASSERT_NOT_EQUAL(err, UP_OK);
		if (!reached)
			break;
	}
	CU_ASSERT(n > 0 && n < 20000);
	CU_ASSERT_EQUAL(err == UP_OK, may_pass);
	up_jwk_free(&key);
	up_buf_free(&proof);
	up_buf_free(&forged);
	up_buf_free(&sealed);
	up_buf_free(&spoilt);
}

static void test_good_proof(void) { every_place(good_proof, true); }
static void test_bad_proof(void) { every_place(bad_proof, false); }
static void test_good_seal(void) { every_place(good_seal, true); }
static void test_bad_seal(void) { every_place(bad_seal, false); }
static void test_good_frame(void) { every_place(good_frame, true); }
static void test_bad_frame(void) { every_place(bad_frame, false); }
static void test_sign(void) { every_place(good_sign, true); }
static void test_generate(void) { every_place(good_generate, true); }
static void test_private(void) { every_place(good_private, true); }
static void test_bad_public(void) { every_place(bad_public, false); }

UP_SUITE("nomem", test_good_proof, test_bad_proof, test_good_seal, test_bad_seal, test_good_frame,
    test_bad_frame, test_sign, test_generate, test_private, test_bad_public)
