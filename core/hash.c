/* SPDX-License-Identifier: Apache-2.0 */
#include "core/hash.h"

#include <openssl/evp.h>
#include <stdatomic.h>
#include <string.h>

#define BLOCK 64                         /* of SHA-256 */

/* Looking an algorithm up by name takes locks and costs as much as hashing a kilobyte: it is done
 * once for the life of the process. Whoever comes first publishes; not pthread_once(), after which
 * one moment without memory would last for ever. */
static _Atomic(EVP_MD *) sha256;

/* Making and freeing a context costs more than hashing what a login hashes: those that are free
 * wait here. Not one a thread: its end would have to free it, and the module that holds this code
 * may have been unloaded by then. */
#define SPARES 16
static _Atomic(EVP_MD_CTX *) spares[SPARES];

static EVP_MD *get_sha256(void)
{
	EVP_MD *md = atomic_load(&sha256), *first = NULL;

	if (md != NULL || (md = EVP_MD_fetch(NULL, "SHA256", NULL)) == NULL)
		return md;
	if (atomic_compare_exchange_strong(&sha256, &first, md))
		return md;
	EVP_MD_free(md);
	return first;
}

/* Threads begin to look at different places. */
static size_t first_place(void)
{
	static _Thread_local char mine;

	return ((uintptr_t)&mine >> 12) % SPARES;
}

static EVP_MD_CTX *new_ctx(void)
{
	EVP_MD *md = get_sha256();
	EVP_MD_CTX *ctx = md != NULL ? EVP_MD_CTX_new() : NULL;

	if (ctx == NULL || EVP_DigestInit_ex2(ctx, md, NULL) == 1)
		return ctx;
	EVP_MD_CTX_free(ctx);
	return NULL;
}

/* One that has begun. */
static EVP_MD_CTX *take_ctx(void)
{
	size_t at = first_place();
	EVP_MD_CTX *ctx;

	for (size_t i = 0; i < SPARES; i++, at = (at + 1) % SPARES) {
		if (atomic_load_explicit(&spares[at], memory_order_relaxed) == NULL)
			continue;
		ctx = atomic_exchange(&spares[at], NULL);
		if (ctx != NULL)
			return ctx;
	}
	return new_ctx();
}

/* As digest() leaves it. */
static void put_ctx(EVP_MD_CTX *ctx)
{
	size_t at = first_place();
	EVP_MD_CTX *none;

	for (size_t i = 0; i < SPARES; i++, at = (at + 1) % SPARES) {
		none = NULL;
		if (atomic_compare_exchange_strong(&spares[at], &none, ctx))
			return;
	}
	EVP_MD_CTX_free(ctx);
}

/* BEFORE, unless it is empty, and the parts. CTX has begun, and begins again: after its Final it
 * would hold the result, which may be a key or a password's verifier, for the life of the process.
 */
static bool digest(EVP_MD_CTX *ctx, struct up_span before, const struct up_span *parts, size_t n,
    uint8_t out[UP_HASH_LEN])
{
	bool ok = before.n == 0 || EVP_DigestUpdate(ctx, before.p, before.n) == 1;

	for (size_t i = 0; ok && i < n; i++)
		ok = parts[i].n == 0 || EVP_DigestUpdate(ctx, parts[i].p, parts[i].n) == 1;
	return ok && EVP_DigestFinal_ex(ctx, out, NULL) == 1 &&
	       EVP_DigestInit_ex2(ctx, NULL, NULL) == 1;
}

static enum up_err finish(EVP_MD_CTX *ctx, bool ok, uint8_t out[UP_HASH_LEN])
{
	if (ok) {
		put_ctx(ctx);
		return UP_OK;
	}
	EVP_MD_CTX_free(ctx);
	up_wipe(out, UP_HASH_LEN);
	return UP_E_CRYPTO;
}

enum up_err up_hash_sha256(const struct up_span *parts, size_t n, uint8_t out[UP_HASH_LEN])
{
	EVP_MD_CTX *ctx = take_ctx();

	memset(out, 0, UP_HASH_LEN);
	if (ctx == NULL)
		return UP_E_CRYPTO;
	return finish(ctx, digest(ctx, up_span_of(NULL, 0), parts, n, out), out);
}

/* RFC 2104 by hand: OpenSSL's EVP_MAC makes three contexts for each call and copies two of them. */
enum up_err up_hash_hmac(
    struct up_span key, const struct up_span *parts, size_t n, uint8_t out[UP_HASH_LEN])
{
	uint8_t inner[BLOCK] = {0}, outer[BLOCK], hash[UP_HASH_LEN] = {0};
	const struct up_span result = up_span_of(hash, sizeof(hash));
	EVP_MD_CTX *ctx;
	bool ok;

	memset(out, 0, UP_HASH_LEN);
	if (key.n == 0 || (ctx = take_ctx()) == NULL)
		return UP_E_CRYPTO;
	ok = key.n <= BLOCK || digest(ctx, key, NULL, 0, inner);
	if (key.n <= BLOCK)
		memcpy(inner, key.p, key.n);
	for (size_t i = 0; i < BLOCK; i++) {
		outer[i] = inner[i] ^ 0x5c;
		inner[i] ^= 0x36;
	}
	ok = ok && digest(ctx, up_span_of(inner, BLOCK), parts, n, hash) &&
	     digest(ctx, up_span_of(outer, BLOCK), &result, 1, out);
	up_wipe(inner, sizeof(inner));
	up_wipe(outer, sizeof(outer));
	up_wipe(hash, sizeof(hash));
	return finish(ctx, ok, out);
}

/* RFC 5869 section 2.3: T(1) | T(2) | ..., each over the one before, INFO and its number. */
static enum up_err expand(
    const uint8_t prk[UP_HASH_LEN], struct up_span info, uint8_t *out, size_t n)
{
	uint8_t before[UP_HASH_LEN], t[UP_HASH_LEN], number = 1;
	struct up_span parts[] = { { before, 0 }, info, { &number, 1 } };
	enum up_err err = UP_OK;

	for (size_t at = 0; err == UP_OK && at < n; at += UP_HASH_LEN, number++) {
		err = up_hash_hmac(up_span_of(prk, UP_HASH_LEN), parts, UP_ARRAY_LEN(parts), t);
		memcpy(out + at, t, n - at < UP_HASH_LEN ? n - at : UP_HASH_LEN);
		memcpy(before, t, UP_HASH_LEN);
		parts[0].n = UP_HASH_LEN;
	}
	up_wipe(before, sizeof(before));
	up_wipe(t, sizeof(t));
	return err;
}

enum up_err up_hash_hkdf(
    struct up_span ikm, struct up_span salt, struct up_span info, uint8_t *out, size_t n)
{
	static const uint8_t none[UP_HASH_LEN];
	uint8_t prk[UP_HASH_LEN];
	enum up_err err;

	if (n > 255 * UP_HASH_LEN)
		return UP_E_RANGE;
	memset(out, 0, n);
	err = up_hash_hmac(salt.n > 0 ? salt : up_span_of(none, sizeof(none)), &ikm, 1, prk);
	if (err == UP_OK)
		err = expand(prk, info, out, n);
	up_wipe(prk, sizeof(prk));
	if (err != UP_OK)
		up_wipe(out, n);
	return err;
}
