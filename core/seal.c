/* SPDX-License-Identifier: Apache-2.0 */
#include "core/seal.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "core/text.h"

#define VERSION 1
#define ID 4
#define KEY 32
#define TAG 16
#define HEAD (1 + ID)                    /* what of the wire form is in the AAD */
#define PREFIX (HEAD + UP_SEAL_NONCE)
#define PLAIN_MAX (1024 * 1024)          /* far over any cookie, far under OpenSSL's int */
#define PIECE 3072 /* bytes coded at a time; a multiple of 3, so that pieces join without padding \
		    */

/* A key is kept as its contexts only: setting up AES and GHASH for a key costs more than opening a
 * cookie does. */
struct ring_key {
	uint8_t head[HEAD];
	EVP_CIPHER_CTX *open;
};

struct up_seal {
	size_t n;
	struct ring_key key[UP_SEAL_KEYS];
	EVP_CIPHER_CTX *close;           /* of the newest */
};

static enum up_err key_id(const uint8_t key[KEY], uint8_t id[ID])
{
	static const char label[] = "unitpass-seal-id";   /* its NUL is part of the input */
	const struct up_span parts[] = { up_span_of(label, sizeof(label)), up_span_of(key, KEY) };
	uint8_t full[UP_HASH_LEN];
	enum up_err err = up_hash_sha256(parts, UP_ARRAY_LEN(parts), full);

	memcpy(id, full, ID);
	return err;
}

static EVP_CIPHER_CTX *context(const EVP_CIPHER *cipher, const uint8_t key[KEY], int encrypt)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	if (ctx != NULL && EVP_CipherInit_ex2(ctx, cipher, key, NULL, encrypt, NULL) != 1) {
		EVP_CIPHER_CTX_free(ctx);
		ctx = NULL;
	}
	return ctx;
}

static struct ring_key *find(struct up_seal *s, const uint8_t head[HEAD])
{
	for (size_t i = 0; i < s->n; i++)
		if (memcmp(s->key[i].head, head, HEAD) == 0)
			return &s->key[i];
	return NULL;
}

static enum up_err add_key(struct up_seal *s, const EVP_CIPHER *cipher, const uint8_t key[KEY])
{
	struct ring_key *k = &s->key[s->n];
	enum up_err err;

	k->head[0] = VERSION;
	if ((err = key_id(key, k->head + 1)) != UP_OK)
		return err;
	/* equal keys, or different ones that share an id: either way one of them could never open
	 * anything */
	if (find(s, k->head) != NULL)
		return UP_E_KEY;
	if ((k->open = context(cipher, key, 0)) == NULL)
		return UP_E_CRYPTO;
	s->n++;
	return UP_OK;
}

enum up_err up_seal_new(const uint8_t *keys, size_t n, struct up_seal **out)
{
	EVP_CIPHER *cipher = NULL;
	struct up_seal *s;
	enum up_err err = UP_OK;

	*out = NULL;
	if (n < 1 || n > UP_SEAL_KEYS)
		return UP_E_KEY;
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return UP_E_NOMEM;
	if ((cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL)) == NULL)
		err = UP_E_CRYPTO;
	for (size_t i = 0; err == UP_OK && i < n; i++)
		err = add_key(s, cipher, keys + i * KEY);
	if (err == UP_OK && (s->close = context(cipher, keys, 1)) == NULL)
		err = UP_E_CRYPTO;
	EVP_CIPHER_free(cipher);
	if (err != UP_OK)
		up_seal_free(&s);
	*out = s;
	return err;
}

void up_seal_free(struct up_seal **sp)
{
	struct up_seal *s = *sp;

	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n; i++)
		EVP_CIPHER_CTX_free(s->key[i].open);
	EVP_CIPHER_CTX_free(s->close);
	free(s);
	*sp = NULL;
}

static bool known(const uint8_t *keys, size_t n, const uint8_t key[KEY])
{
	for (size_t i = 0; i < n; i++)
		if (CRYPTO_memcmp(keys + i * KEY, key, KEY) == 0)
			return true;
	return false;
}

static enum up_err parse_key(struct up_span text, uint8_t key[KEY])
{
	if (text.n == (size_t)2 * KEY)
		return up_text_hex_decode(text, key, KEY);
	return up_text_b64url_fixed(text, key, KEY);
}

enum up_err up_seal_parse_keys(
    struct up_span text, uint8_t keys[UP_SEAL_KEYS * 32], size_t *n, unsigned *line)
{
	size_t before = *n;
	enum up_err err = UP_OK;

	*line = 0;
	while (err == UP_OK && text.n > 0) {
		struct up_span row;
		uint8_t key[KEY];

		++*line;
		up_span_cut(text, '\n', &row, &text);
		row = up_span_trim(row);
		if (row.n == 0 || row.p[0] == '#')
			continue;
		if (*n >= UP_SEAL_KEYS || parse_key(row, key) != UP_OK)
			err = UP_E_FORMAT;
		else if (known(keys, *n, key))
			err = UP_E_KEY;
		else
			memcpy(keys + KEY * (*n)++, key, KEY);
		up_wipe(key, sizeof(key));
	}
	if (err == UP_OK && *n == 0)
		err = UP_E_KEY;
	if (err != UP_OK) {
		up_wipe(keys + before * KEY, (*n - before) * KEY);
		*n = before;
	}
	return err;
}

void up_seal_fingerprint(const struct up_seal *s, char out[9])
{
	(void)up_seal_id(s, 0, out);
}

bool up_seal_id(const struct up_seal *s, size_t i, char out[9])
{
	out[0] = out[8] = '\0';
	if (i >= s->n)
		return false;
	up_text_hex(up_span_of(s->key[i].head + 1, ID), out);
	return true;
}

/* Nonce and AAD; key and key schedule stay as they are. */
static bool begin(EVP_CIPHER_CTX *ctx, const uint8_t head[HEAD], const uint8_t nonce[UP_SEAL_NONCE],
    struct up_span purpose)
{
	int len;

	if (purpose.n > PLAIN_MAX)
		return false;
	if (EVP_CipherInit_ex2(ctx, NULL, NULL, nonce, -1, NULL) != 1 ||
	    EVP_CipherUpdate(ctx, NULL, &len, head, HEAD) != 1)
		return false;
	return purpose.n == 0 || EVP_CipherUpdate(ctx, NULL, &len, purpose.p, (int)purpose.n) == 1;
}

/* PIECE holds *N bytes already; what fills it goes to OUT. */
static bool encrypt(
    EVP_CIPHER_CTX *ctx, struct up_span plain, uint8_t piece[PIECE], size_t *n, struct up_buf *out)
{
	int len;

	while (plain.n > 0) {
		size_t take = plain.n < PIECE - *n ? plain.n : PIECE - *n;

		if (EVP_CipherUpdate(ctx, piece + *n, &len, plain.p, (int)take) != 1 ||
		    len != (int)take)
			return false;
		plain.p += take;
		plain.n -= take;
		*n += take;
		if (*n == PIECE) {
			up_text_put_b64url(out, up_span_of(piece, PIECE));
			*n = 0;
		}
	}
	return true;
}

enum up_err up_seal_put(struct up_seal *s, struct up_span purpose,
    const uint8_t nonce[UP_SEAL_NONCE], struct up_span plain, struct up_buf *out)
{
	uint8_t piece[PIECE + TAG];
	size_t start = out->n, n = PREFIX;
	int len;

	if (plain.n > PLAIN_MAX)
		return UP_E_TOO_LARGE;
	memcpy(piece, s->key[0].head, HEAD);
	memcpy(piece + HEAD, nonce, UP_SEAL_NONCE);
	if (!begin(s->close, s->key[0].head, nonce, purpose) ||
	    !encrypt(s->close, plain, piece, &n, out) ||
	    EVP_CipherFinal_ex(s->close, piece + n, &len) != 1 ||
	    EVP_CIPHER_CTX_ctrl(s->close, EVP_CTRL_AEAD_GET_TAG, TAG, piece + n) != 1) {
		out->n = start;
		return UP_E_CRYPTO;
	}
	up_text_put_b64url(out, up_span_of(piece, n + TAG));
	return out->failed ? UP_E_NOMEM : UP_OK;
}

/* Decode what follows the prefix, piece by piece, into OUT (ciphertext becomes plain text) and TAG.
 */
static enum up_err decrypt(
    EVP_CIPHER_CTX *ctx, struct up_span text, size_t plain, uint8_t *out, uint8_t tag[TAG])
{
	uint8_t piece[PIECE];
	size_t skip = PREFIX, done = 0, tagged = 0;

	while (text.n > 0) {
		size_t chars = text.n < PIECE / 3 * 4 ? text.n : PIECE / 3 * 4, n, take;
		int len;

		if (up_text_b64url_decode(up_span_of(text.p, chars), piece, PIECE, &n) != UP_OK)
			return UP_E_FORMAT;
		text.p += chars;
		text.n -= chars;
		take = n - skip < plain - done ? n - skip : plain - done;
		if (take > 0 &&
		    (EVP_CipherUpdate(ctx, out + done, &len, piece + skip, (int)take) != 1 ||
			len != (int)take))
			return UP_E_CRYPTO;
		done += take;
		memcpy(tag + tagged, piece + skip + take, n - skip - take);
		tagged += n - skip - take;
		skip = 0;
	}
	return UP_OK;
}

/* The prefix is 17 bytes; 24 characters are the 18 that begin with it. */
static enum up_err prefix(struct up_span text, uint8_t bytes[18])
{
	if (text.n < (UP_SEAL_OVERHEAD * 4 + 2) / 3 ||
	    text.n > (PLAIN_MAX + UP_SEAL_OVERHEAD) / 3 * 4 || text.n % 4 == 1)
		return UP_E_FORMAT;
	if (up_text_b64url_fixed(up_span_of(text.p, 24), bytes, 18) != UP_OK || bytes[0] != VERSION)
		return UP_E_FORMAT;
	return UP_OK;
}

enum up_err up_seal_take(struct up_seal *s, struct up_span purpose, struct up_span text,
    uint8_t *out, size_t cap, size_t *n, bool *old)
{
	uint8_t head[18], tag[TAG];
	size_t plain;
	struct ring_key *k;
	enum up_err err;
	int len;

	*n = 0;
	*old = false;
	if ((err = prefix(text, head)) != UP_OK)
		goto out;
	plain = text.n / 4 * 3 + (text.n % 4 == 0 ? 0 : text.n % 4 - 1) - UP_SEAL_OVERHEAD;
	err = UP_E_FORMAT;
	if (plain > cap)
		goto out;
	err = UP_E_KEY;
	if ((k = find(s, head)) == NULL)
		goto out;
	err = UP_E_CRYPTO;
	if (!begin(k->open, head, head + HEAD, purpose))
		goto out;
	if ((err = decrypt(k->open, text, plain, out, tag)) != UP_OK)
		goto out;
	err = UP_E_CRYPTO;
	if (EVP_CIPHER_CTX_ctrl(k->open, EVP_CTRL_AEAD_SET_TAG, TAG, tag) != 1)
		goto out;
	err = UP_E_SIGNATURE;
	if (EVP_CipherFinal_ex(k->open, out + plain, &len) != 1)
		goto out;
	*n = plain;
	*old = k != &s->key[0];
	return UP_OK;
out:
	/* or the web server takes ours for one of its TLS connection's */
	ERR_clear_error();
	up_wipe(out, cap);
	return err;
}
