/* SPDX-License-Identifier: Apache-2.0
 * A phone's call: DPoP proof (RFC 9449), bound to the device key that its token names. */
#include <string.h>

#include "core/dpop.h"
#include "core/hash.h"
#include "core/text.h"
#include "server/http/auth.h"
#include "server/http/limits.h"
#include "server/log.h"
#include "server/per_thread.h"

#define NONCE_WINDOW_MS 150000           /* a nonce is good for one to two windows */
#define PROOF_LIFE_MS 130000 /* iat +- 60 s, and some: how long a jti must be remembered */

/* --- nonces (RFC 9449 section 8): the window's number and a MAC over it; nothing is kept --- */

static enum up_err make_nonce(const struct up_server *s, uint32_t window, char out[23])
{
	uint8_t raw[16] = { (uint8_t)(window >> 24), (uint8_t)(window >> 16),
		(uint8_t)(window >> 8), (uint8_t)window },
		mac[32];
	struct up_span parts[] = { UP_SPAN_LIT("unitpass dpop nonce"), up_span_of(raw, 4) };

	if (up_hash_hmac(up_span_of(s->nonce_key, 32), parts, 2, mac) != UP_OK)
		return UP_E_CRYPTO;
	memcpy(raw + 4, mac, 12);
	up_text_b64url(up_span_of(raw, 16), out);
	out[22] = '\0';
	return UP_OK;
}

/* Asked for several times a call, and the same for minutes: the current and the last one are kept,
 * per thread. */
static enum up_err nonce_text(const struct up_server *s, uint32_t window, char out[23])
{
	static _Thread_local struct { uint32_t window; char text[23]; } kept[2];
	enum up_err err = UP_OK;

	if (kept[window % 2].window != window || kept[window % 2].text[0] == '\0') {
		err = make_nonce(s, window, kept[window % 2].text);
		kept[window % 2].window = err == UP_OK ? window : 0;
	}
	memcpy(out, kept[window % 2].text, 23);
	return err;
}

void up_auth_put_nonce(struct up_request *r, struct MHD_Response *resp)
{
	char text[23];

	if (r->now_ms > 0 &&
	    nonce_text(r->server, (uint32_t)(r->now_ms / NONCE_WINDOW_MS), text) == UP_OK)
		MHD_add_response_header(resp, "DPoP-Nonce", text);
}

static bool nonce_current(struct up_request *r, struct up_span nonce)
{
	uint32_t window = (uint32_t)(r->now_ms / NONCE_WINDOW_MS);
	char text[23];

	for (uint32_t back = 0; back < 2; back++)
		if (nonce_text(r->server, window - back, text) == UP_OK &&
		    up_span_eq_ct(nonce, up_span_of(text, 22)))
			return true;
	return false;
}

/* --- the device --- */

static bool may_be_new(const struct up_request *r)
{
	return r->route->who == UP_NEW_PHONE || r->route->who == UP_SIGNED_NEW_PHONE;
}

static bool signs_body(const struct up_request *r)
{
	return r->route->who == UP_SIGNED_PHONE || r->route->who == UP_SIGNED_NEW_PHONE;
}

static enum up_err find_device(struct up_request *r, struct up_span *token)
{
	struct up_span a = r->h.authorization;
	uint8_t hash[32];

	*token = (struct up_span){ NULL, 0 };
	if (a.p == NULL)
		return may_be_new(r) ? UP_OK : UP_E_TOKEN;
	if (a.n < 6 || !up_span_ieq_str(up_span_of(a.p, 5), "dpop "))
		return UP_E_TOKEN;
	*token = up_span_trim(up_span_of(a.p + 5, a.n - 5));
	if (token->n != 43 || up_hash_sha256(token, 1, hash) != UP_OK)
		return UP_E_TOKEN;
	return up_store_device(r->server->store, hash, &r->device);
}

/* A phone proves itself several times in a login: its key object is made once per thread. Keys
 * never change, so an entry is right for ever; another device in the same place replaces it. */
#define KEY_SLOTS 512
struct key_cache { struct { uint8_t xy[64]; struct up_jwk *key; } at[KEY_SLOTS]; };

static void drop_keys(void *object)
{
	struct key_cache *c = object;

	for (size_t i = 0; i < KEY_SLOTS; i++)
		up_jwk_free(&c->at[i].key);
}

static const struct up_per_thread key_caches = { sizeof(struct key_cache), drop_keys };

static enum up_err device_key(const struct up_device *d, const struct up_jwk **out)
{
	struct key_cache *c = up_per_thread_get(&key_caches);
	size_t slot = (size_t)d->id % KEY_SLOTS;
	struct up_jwk *fresh;
	enum up_err err;

	*out = NULL;
	if (c == NULL)
		return UP_E_NOMEM;
	if (c->at[slot].key == NULL || memcmp(c->at[slot].xy, d->key, 64) != 0) {
		err = up_jwk_from_public(d->key, &fresh);
		if (err != UP_OK)
			return err;
		up_jwk_free(&c->at[slot].key);
		c->at[slot].key = fresh;
		memcpy(c->at[slot].xy, d->key, 64);
	}
	*out = c->at[slot].key;
	return UP_OK;
}

static enum up_err take_once(struct up_request *r, const struct up_jwk *key)
{
	struct up_span parts[] = { UP_SPAN_LIT("proof"),
		up_span_of(up_jwk_thumbprint(key), UP_JWK_THUMBPRINT), r->proof->jti };
	uint8_t hash[32];

	if (up_hash_sha256(parts, 3, hash) != UP_OK)
		return UP_E_CRYPTO;
	return up_live_once(r->server->live, hash, r->now_ms + PROOF_LIFE_MS, r->now_ms);
}

static enum up_err check_proof(struct up_request *r, struct up_span token, const struct up_jwk *key)
{
	struct up_span issuer = up_span_str(r->server->config->issuer), path = r->path,
	    body = up_buf_span(&r->body);
	uint8_t url[512];
	struct up_dpop_expect want = { .method = (const char *)r->method.p,
		.token = token, .key = key, .now_s = r->now_ms / 1000,
		.body = signs_body(r) ? &body : NULL };
	enum up_err err;

	if (r->h.n_dpop != 1 || issuer.n + path.n > sizeof(url))
		return UP_E_PROOF;
	memcpy(url, issuer.p, issuer.n);
	memcpy(url + issuer.n, path.p, path.n);
	want.url = up_span_of(url, issuer.n + path.n);
	r->proof = calloc(1, sizeof(*r->proof));
	if (r->proof == NULL)
		return UP_E_NOMEM;
	err = up_dpop_parse(r->h.dpop, &want, r->proof);
	if (err != UP_OK)
		return err;
	if (!nonce_current(r, r->proof->nonce))
		return UP_E_NONCE;
	/* A stranger's key proves nothing about him: his address pays before we verify. A phone's
	 * token was guessed by nobody. */
	if (key == NULL)
		err = up_limits_spend_source(r->server, UP_LIMIT_PHONE_ADDRESS, r->ip, r->now_ms);
	if (err != UP_OK)
		return err;
	err = up_dpop_verify(r->proof, &want);
	if (err == UP_OK && key != NULL)
		err = up_limits_spend(
		    r->server, UP_LIMIT_PHONE, up_span_str(r->device.ref), r->now_ms);
	return err == UP_OK ? take_once(r, key != NULL ? key : r->proof->key) : err;
}

static enum up_err authenticate(struct up_request *r)
{
	const struct up_jwk *key = NULL;
	struct up_span token;
	enum up_err err, found;

	/* That it was ended is told to the phone itself, which can still prove that it is the one.
	 * */
	found = find_device(r, &token);
	err = found == UP_E_ENDED ? UP_OK : found;
	if (err == UP_OK && r->device.id != 0)
		err = device_key(&r->device, &key);
	if (err == UP_OK)
		err = check_proof(r, token, key);
	return err == UP_OK ? found : err;
}

enum up_err up_auth_phone(struct up_request *r)
{
	enum up_err err = authenticate(r), spent;

	if (err != UP_E_PROOF && err != UP_E_TOKEN && err != UP_E_REPLAY && err != UP_E_ENDED)
		return err;
	spent = up_limits_spend_source(r->server, UP_LIMIT_PHONE_ADDRESS, r->ip, r->now_ms);
	if (spent != UP_OK)
		return spent;
	up_log(UP_LOG_WARNING, "phone_refused", "reason", up_err_name(err), "ip", r->ip, "path",
	    r->route->path, NULL);
	return err;
}
