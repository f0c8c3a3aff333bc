/* SPDX-License-Identifier: Apache-2.0
 * Tokens that another issuer signs, by a key of its JWK Set (RFC 7515, 7517, 7518 sections 3.3
 * to 3.5): ES256, and RS256 and PS256 with RSA keys of 2048 to 8192 bits. Never a key that the
 * token brings along, never a shared secret. */
#ifndef UP_JWS_H
#define UP_JWS_H

#include "core/jwt.h"

#define UP_JWS_ALGS (UP_JWT_ES256 | UP_JWT_RS256 | UP_JWT_PS256)

/* As up_jwt_parse_alg with these algorithms; typ "JWT", or none at all. */
UP_MUST_USE enum up_err up_jws_parse(struct up_span text, struct up_jwt *out);
/* Is the signature by the key of JWKS that the token's kid names or, without kid, by the only one
 * that its algorithm can use? UP_E_KEY: no such key, or several without a kid to choose by.
 * UP_E_SIGNATURE. */
UP_MUST_USE enum up_err up_jws_verify(const struct up_jwt *, const json_t *jwks);
/* Has JWKS a key with which a token of one of these algorithms could be verified? */
bool up_jws_usable(const json_t *jwks);

#endif
