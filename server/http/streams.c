/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/streams.h"

#include <string.h>

#include "core/hash.h"
#include "core/target.h"
#include "server/http/limits.h"

/* Counted by a keyed hash: bounded memory, and nobody can choose with whom to share a place. */
#define PLACES (1u << 14)
static atomic_uint held[PLACES + 1];     /* 0 is nobody's */

static enum up_err place_of(const struct up_server *s, const char *ip, unsigned *place)
{
	char network[UP_LIMITS_NETWORK];
	struct up_span part;
	uint8_t mac[UP_HASH_LEN];
	enum up_err err;

	up_limits_network(ip, network);
	part = up_span_str(network);
	err = up_hash_hmac(up_span_of(s->streams_key, sizeof(s->streams_key)), &part, 1, mac);
	*place = 1 + ((unsigned)mac[0] << 8 | mac[1]) % PLACES;
	return err;
}

enum up_err up_streams_enter(const struct up_server *s, const char *ip, unsigned *place)
{
	uint64_t most = (uint64_t)UP_STREAMS_OF_ONE * (uint64_t)s->config->rate_percent / 100;
	enum up_err err;

	*place = 0;
	if (up_target_in(up_span_str(ip), s->config->proxies, s->config->n_proxies))
		return UP_OK;
	err = place_of(s, ip, place);
	if (err == UP_OK && atomic_fetch_add(&held[*place], 1) >= (most > 0 ? most : 1)) {
		up_streams_leave(*place);
		err = UP_E_RATE;
	}
	if (err != UP_OK)
		*place = 0;
	return err;
}

void up_streams_leave(unsigned place)
{
	if (place != 0)
		atomic_fetch_sub(&held[place], 1);
}
