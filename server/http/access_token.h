/* SPDX-License-Identifier: Apache-2.0
 * Access tokens: opaque to portals, sealed by this server (core/seal.h) around session, client and
 * expiry. They end with their session. */
#ifndef UP_TOKEN_ACCESS_H
#define UP_TOKEN_ACCESS_H

#include "core/json_put.h"
#include "server/server.h"
#include "server/store/people.h"

#define UP_TOKEN_ACCESS_LIFE_S 600

/* Append a token for SESSION (22 characters) of CLIENT. */
UP_MUST_USE enum up_err up_token_access_put(const struct up_catalogue *, const char *session,
    struct up_span client, int64_t now_ms, struct up_buf *out);
/* UP_E_TOKEN: foreign, altered or expired. The session itself is the caller's to check. */
UP_MUST_USE enum up_err up_token_access_take(
    const struct up_catalogue *, struct up_span text, int64_t now_ms, char session[23]);

/* "unit":{...},"holder":{...},"items":[...],"authority":[...]: what CLIENT learns of a login for
 * ITEM (or for none). Of what a grant is for it is told its own items alone. UP_E_STORE. */
struct up_token_identity {
	const struct up_client *client;
	const struct up_role *role;
	const struct up_chain *chain;
	struct up_span item;
};
UP_MUST_USE enum up_err up_token_put_identity(
    struct up_json_put *, struct up_store *, const struct up_token_identity *);

#endif
