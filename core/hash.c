/* SPDX-License-Identifier: Apache-2.0 */
#include "core/hash.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdatomic.h>
#include <string.h>

/* Looking an algorithm up by name takes locks and costs as much as hashing a kilobyte: it is done once for the life of
 * the process.  Whoever comes first publishes; not pthread_once(), after which one moment without memory would last
 * for ever.  The HMAC template is never used itself: each call works on a copy of its own. */
static _Atomic(EVP_MD *) sha256;
static _Atomic(EVP_MAC_CTX *) hmac_template;

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

static EVP_MAC_CTX *make_template(void)
{
	static const uint8_t any_key[UP_HASH_LEN];
	char name[] = "SHA256";
	OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0), OSSL_PARAM_construct_end() };
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = mac == NULL ? NULL : EVP_MAC_CTX_new(mac);

	EVP_MAC_free(mac);
	/* a context can be copied only once it has been given a key */
	if (ctx != NULL && EVP_MAC_init(ctx, any_key, sizeof(any_key), params) == 1)
		return ctx;
	EVP_MAC_CTX_free(ctx);
	return NULL;
}

static EVP_MAC_CTX *get_template(void)
{
	EVP_MAC_CTX *ctx = atomic_load(&hmac_template), *first = NULL;

	if (ctx != NULL || (ctx = make_template()) == NULL)
		return ctx;
	if (atomic_compare_exchange_strong(&hmac_template, &first, ctx))
		return ctx;
	EVP_MAC_CTX_free(ctx);
	return first;
}

enum up_err up_hash_sha256(const struct up_span *parts, size_t n, uint8_t out[UP_HASH_LEN])
{
	EVP_MD *md = get_sha256();
	EVP_MD_CTX *ctx;
	bool ok;

	memset(out, 0, UP_HASH_LEN);
	if (md == NULL || (ctx = EVP_MD_CTX_new()) == NULL)
		return UP_E_CRYPTO;
	ok = EVP_DigestInit_ex2(ctx, md, NULL) == 1;
	for (size_t i = 0; ok && i < n; i++)
		ok = parts[i].n == 0 || EVP_DigestUpdate(ctx, parts[i].p, parts[i].n) == 1;
	ok = ok && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	if (!ok)
		memset(out, 0, UP_HASH_LEN);
	return ok ? UP_OK : UP_E_CRYPTO;
}

enum up_err up_hash_hmac(struct up_span key, const struct up_span *parts, size_t n, uint8_t out[UP_HASH_LEN])
{
	EVP_MAC_CTX *template = get_template(), *ctx;
	size_t len = 0;
	bool ok;

	memset(out, 0, UP_HASH_LEN);
	/* OpenSSL takes a NULL key for "the one from before": here it would be the template's */
	if (key.n == 0 || template == NULL || (ctx = EVP_MAC_CTX_dup(template)) == NULL)
		return UP_E_CRYPTO;
	ok = EVP_MAC_init(ctx, key.p, key.n, NULL) == 1;
	for (size_t i = 0; ok && i < n; i++)
		ok = parts[i].n == 0 || EVP_MAC_update(ctx, parts[i].p, parts[i].n) == 1;
	ok = ok && EVP_MAC_final(ctx, out, &len, UP_HASH_LEN) == 1 && len == UP_HASH_LEN;
	EVP_MAC_CTX_free(ctx);
	if (!ok)
		up_wipe(out, UP_HASH_LEN);
	return ok ? UP_OK : UP_E_CRYPTO;
}
