/* SPDX-License-Identifier: Apache-2.0
 * From ID token to identity: every check of OpenID Connect Core 3.1.3.7 that applies, then the
 * claims of unit and holder. */
#ifndef UP_IDTOKEN_H
#define UP_IDTOKEN_H

#include "core/jwt.h"
#include "module/rp/inside.h"

struct up_identity {
	struct up_rp_session session; /* spans into JWT and the buffers here */
	struct up_jwt jwt;
	struct up_buf items;
	char sid[24]; /* made here when the token has none */
	char claim[32]; /* of a refused token: which claim it is, as in "unit.code"; empty: another
			   reason */
	bool is_missing; /* that claim: not there at all */
};

/* TEXT must be by RP's issuer for RP's client and fresh, and carry NONCE (base64url of
 * ATTEMPT_NONCE) if any. Without nonce the answer is still bound: it came over TLS from the
 * provider itself, to our authenticated client, for the device code that is sealed in this
 * browser's cookie. UP_E_UPSTREAM: no keys to be had; every other error means that the token is
 * refused. *OUT must be freed in all cases. */
UP_MUST_USE enum up_err up_idtoken_check(const struct up_rp *, struct up_span text,
    const char *nonce, int64_t now_s, struct up_identity *out);
/* Log why a token was refused. */
void up_idtoken_refused(const struct up_identity *, enum up_err);
void up_idtoken_free(struct up_identity *);

#endif
