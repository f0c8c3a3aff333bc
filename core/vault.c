/* SPDX-License-Identifier: Apache-2.0 */
#include "core/vault.h"

#include <stdlib.h>

#include "core/hash.h"
#include "core/text.h"

#define PURPOSE_MAX 128

struct up_vault {
	struct up_seal *ring;
	uint8_t index_key[UP_VAULT_KEY];
};

enum up_err up_vault_new(const uint8_t *keys, size_t n, const uint8_t index_key[UP_VAULT_KEY],
    struct up_vault **out)
{
	struct up_vault *v = calloc(1, sizeof(*v));
	enum up_err err = v != NULL ? up_seal_new(keys, n, &v->ring) : UP_E_NOMEM;

	if (err == UP_OK)
		memcpy(v->index_key, index_key, sizeof(v->index_key));
	else
		up_vault_free(&v);
	*out = v;
	return err;
}

void up_vault_free(struct up_vault **vp)
{
	struct up_vault *v = *vp;

	*vp = NULL;
	if (v == NULL)
		return;
	up_seal_free(&v->ring);
	up_wipe(v, sizeof(*v));
	free(v);
}

bool up_vault_id(const struct up_vault *v, size_t i, char out[UP_VAULT_ID + 1])
{
	return up_seal_id(v->ring, i, out);
}

/* A NUL ends each word: no two places have the same bytes. UP_E_RANGE: too long. */
static enum up_err purpose(struct up_vault_place place, char text[PURPOSE_MAX],
    struct up_span *out)
{
	const char *const words[] = { "unitpass data", place.column, place.owner };
	size_t at = 0;

	for (size_t i = 0; i < UP_ARRAY_LEN(words); i++) {
		size_t n = strlen(words[i]) + 1;

		if (n > PURPOSE_MAX - at)
			return UP_E_RANGE;
		memcpy(text + at, words[i], n);
		at += n;
	}
	*out = up_span_of(text, at - 1);
	return UP_OK;
}

enum up_err up_vault_put(struct up_vault *v, struct up_vault_place place,
    const uint8_t nonce[UP_SEAL_NONCE], struct up_span plain, struct up_buf *out)
{
	char text[PURPOSE_MAX];
	struct up_span to = { 0 };
	enum up_err err = purpose(place, text, &to);

	return err == UP_OK ? up_seal_put(v->ring, to, nonce, plain, out) : err;
}

enum up_err up_vault_take(struct up_vault *v, struct up_vault_place place, struct up_span text,
    uint8_t *out, size_t cap, size_t *n)
{
	char bound[PURPOSE_MAX];
	struct up_span to = { 0 };
	enum up_err err = purpose(place, bound, &to);
	bool old;

	*n = 0;
	return err == UP_OK ? up_seal_take(v->ring, to, text, out, cap, n, &old) : err;
}

enum up_err up_vault_index(const struct up_vault *v, const char *column, struct up_span value,
    char out[UP_VAULT_INDEX + 1])
{
	const struct up_span parts[] = { up_span_of(column, strlen(column) + 1), value };
	uint8_t mac[UP_HASH_LEN];
	enum up_err err = up_hash_hmac(up_span_of(v->index_key, sizeof(v->index_key)), parts,
	    UP_ARRAY_LEN(parts), mac);

	out[0] = '\0';
	if (err == UP_OK)
		up_text_b64url(up_span_of(mac, sizeof(mac)), out);
	out[UP_VAULT_INDEX] = '\0';
	up_wipe(mac, sizeof(mac));
	return err;
}
