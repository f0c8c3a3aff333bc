/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/access_token.h"

#include <stdio.h>
#include <string.h>

#include "server/per_thread.h"

#define PURPOSE UP_SPAN_LIT("unitpass access token")
#define PLAIN_MAX 256

/* A ring keeps cipher contexts, so each thread has its own, made again when the key file was
 * changed. */
struct thread_ring { struct up_seal *seal; uint8_t made_with[32]; };

static void drop_ring(void *object)
{
	struct thread_ring *t = object;

	up_seal_free(&t->seal);
	up_wipe(t, sizeof(*t));
}

static const struct up_per_thread rings = { sizeof(struct thread_ring), drop_ring };

static enum up_err ring(const struct up_catalogue *c, struct up_seal **out)
{
	struct thread_ring *t = up_per_thread_get(&rings);
	enum up_err err;

	*out = NULL;
	if (t == NULL)
		return UP_E_NOMEM;
	if (t->seal == NULL || memcmp(t->made_with, c->keys->token, 32) != 0) {
		up_seal_free(&t->seal);
		err = up_seal_new(c->keys->token, 1, &t->seal);
		if (err != UP_OK)
			return err;
		memcpy(t->made_with, c->keys->token, 32);
	}
	*out = t->seal;
	return UP_OK;
}

enum up_err up_token_access_put(const struct up_catalogue *c, const char *session,
    struct up_span client, int64_t now_ms, struct up_buf *out)
{
	uint8_t nonce[UP_SEAL_NONCE];
	struct up_seal *seal;
	char plain[PLAIN_MAX];
	enum up_err err;
	int n;

	err = ring(c, &seal);
	if (err != UP_OK)
		return err;
	n = snprintf(plain, sizeof(plain), "%s %lld %.*s", session,
	    (long long)(now_ms / 1000 + UP_TOKEN_ACCESS_LIFE_S), (int)client.n,
	    (const char *)client.p);
	if (n < 0 || (size_t)n >= sizeof(plain))
		return UP_E_TOO_LARGE;
	up_random(nonce, sizeof(nonce));
	return up_seal_put(seal, PURPOSE, nonce, up_span_of(plain, (size_t)n), out);
}

enum up_err up_token_access_take(
    const struct up_catalogue *c, struct up_span text, int64_t now_ms, char session[23])
{
	struct up_span id, rest, exp, client;
	uint8_t plain[PLAIN_MAX + UP_SEAL_OVERHEAD];
	struct up_seal *seal;
	uint64_t exp_s;
	enum up_err err;
	bool old;
	size_t n;

	err = ring(c, &seal);
	if (err != UP_OK)
		return err;
	if (text.n > 400 ||
	    up_seal_take(seal, PURPOSE, text, plain, sizeof(plain), &n, &old) != UP_OK)
		return UP_E_TOKEN;
	up_span_cut(up_span_of(plain, n), ' ', &id, &rest);
	up_span_cut(rest, ' ', &exp, &client);
	if (id.n != 22 || up_span_u64(exp, INT64_MAX / 1000, &exp_s) != UP_OK ||
	    (int64_t)exp_s <= now_ms / 1000)
		return UP_E_TOKEN;
	memcpy(session, id.p, 22);
	session[22] = '\0';
	return UP_OK;
}
