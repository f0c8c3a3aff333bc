/* SPDX-License-Identifier: Apache-2.0 */
#include "server/secrets.h"

#include <string.h>

#include "core/hash.h"
#include "core/text.h"

static enum up_err read_secret(
    const struct up_config *config, uint8_t secret[UP_KEYS_MASTER], char why[256])
{
	if (config->live_secret != NULL && config->live_secret[0] != '\0')
		return up_keys_read_master(config->live_secret, secret, why);
	up_random(secret, UP_KEYS_MASTER);
	return UP_OK;
}

struct derived { const char *label; uint8_t *out; size_t n; };

static enum up_err derive_keys(
    const struct up_config *config, const struct derived *keys, size_t n, char why[256])
{
	const struct up_span none = { NULL, 0 };
	uint8_t secret[UP_KEYS_MASTER];
	enum up_err err = read_secret(config, secret, why);

	for (size_t i = 0; err == UP_OK && i < n; i++)
		err = up_hash_hkdf(up_span_of(secret, sizeof(secret)), none,
		    up_span_str(keys[i].label), keys[i].out, keys[i].n);
	up_wipe(secret, sizeof(secret));
	return err;
}

enum up_err up_secrets_start(struct up_server *s, uint8_t seed[16], char why[256])
{
	const struct derived keys[] = {
		{ "unitpass live seed", seed, 16 },
		{ "unitpass live watch", s->watch_key, sizeof(s->watch_key) },
		{ "unitpass live streams", s->streams_key, sizeof(s->streams_key) },
	};

	up_random(s->nonce_key, sizeof(s->nonce_key));
	return derive_keys(s->config, keys, UP_ARRAY_LEN(keys), why);
}

enum up_err up_secrets_share_nonces(struct up_server *s, char why[256])
{
	const struct derived key = {
		"unitpass live dpop nonce", s->nonce_key, sizeof(s->nonce_key) };

	return derive_keys(s->config, &key, 1, why);
}

enum up_err up_secrets_key(struct up_span secret, uint8_t key[UP_LIVE_KEY])
{
	uint8_t hash[32];
	enum up_err err = up_hash_sha256(&secret, 1, hash);

	memcpy(key, hash, UP_LIVE_KEY);
	return err;
}

enum up_err up_secrets_key_of_text(struct up_span text, uint8_t key[UP_LIVE_KEY])
{
	uint8_t raw[16];
	enum up_err err;

	if (text.n != 22 || up_text_b64url_fixed(text, raw, sizeof(raw)) != UP_OK)
		return UP_E_CODE;
	err = up_secrets_key(up_span_of(raw, sizeof(raw)), key);
	up_wipe(raw, sizeof(raw));
	return err;
}

static enum up_err derive(
    const struct up_server *s, struct up_span purpose, struct up_span from, uint8_t out[32])
{
	struct up_span parts[] = { purpose, from };

	return up_hash_hmac(up_span_of(s->watch_key, 32), parts, 2, out);
}

enum up_err up_secrets_handle(
    const struct up_server *s, const uint8_t watch[16], uint8_t handle[UP_FRAME_HANDLE])
{
	uint8_t mac[32];
	enum up_err err = derive(s, UP_SPAN_LIT("handle:"), up_span_of(watch, 16), mac);

	memcpy(handle, mac, UP_FRAME_HANDLE);
	up_wipe(mac, sizeof(mac));
	return err;
}

enum up_err up_secrets_frame_key(
    const struct up_server *s, const uint8_t handle[UP_FRAME_HANDLE], uint8_t key[UP_FRAME_KEY])
{
	return derive(s, UP_SPAN_LIT("frame:"), up_span_of(handle, UP_FRAME_HANDLE), key);
}
