/* SPDX-License-Identifier: Apache-2.0
 * From ID token to identity: every check of OpenID Connect Core 3.1.3.7 that applies, then the claims of unit and holder. */
#ifndef UP_IDTOKEN_H
#define UP_IDTOKEN_H

#include "core/jwt.h"
#include "module/rp/inside.h"

struct up_identity {
	struct up_rp_session session;    /* spans into JWT and the buffers here */
	struct up_jwt jwt;
	struct up_buf items;
	char sid[24];                    /* made here when the token has none */
};

/* TEXT must be by RP's issuer for RP's client, carry NONCE (base64url of ATTEMPT_NONCE) and be fresh. UP_E_UPSTREAM: no keys to be had;
 * every other error means that the token is refused. *OUT must be freed in all cases. */
UP_MUST_USE enum up_err up_idtoken_check(const struct up_rp *, struct up_span text, const char *nonce, int64_t now_s, struct up_identity *out);
void up_idtoken_free(struct up_identity *);

#endif
