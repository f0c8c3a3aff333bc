/* SPDX-License-Identifier: Apache-2.0
 * Compact JWS with JSON claims (RFC 7515, 7519, 8725): one way to sign, one strict way to verify.
 * ES256 only, but for the ID tokens of other providers; the allow-list is this file's.  `none`,
 * HMAC, a key from the token's own header (but for DPoP, where RFC 9449 wants it),
 * `crit` and `b64` are refused. */
#ifndef UP_JWT_H
#define UP_JWT_H

#include "core/jwk.h"

/* Of assertions that say what they are (draft-ietf-oauth-rfc7523bis). */
#define UP_JWT_TYP_CLIENT "client-authentication+jwt"
#define UP_JWT_MAX 8192                  /* bytes of a compact JWS that we look at */

/* CLAIMS is finished JSON text. Appends header.payload.signature to OUT. TYP NULL: "JWT". */
UP_MUST_USE enum up_err up_jwt_sign(
    const struct up_jwk *key, const char *typ, struct up_span claims, struct up_buf *out);

/* The same under the id that the key's owner gave it. */
UP_MUST_USE enum up_err up_jwt_sign_kid(const struct up_jwk *key, struct up_span kid,
    const char *typ, struct up_span claims, struct up_buf *out);

/* The same with a finished HEADER of the caller's (JSON text): DPoP proofs. */
UP_MUST_USE enum up_err up_jwt_sign_header(
    const struct up_jwk *key, struct up_span header, struct up_span claims, struct up_buf *out);

/* What a signature may be made with (RFC 7518 section 3.1); a set of them is an allow-list. */
enum up_jwt_alg { UP_JWT_ES256 = 1, UP_JWT_RS256 = 2, UP_JWT_PS256 = 4 };

struct up_jwt {                          /* a parsed token, nothing verified yet */
	json_t *header, *claims;         /* owned */
	struct up_span signed_part;      /* header.payload, borrowed from the text */
	struct up_span sig_text;         /* base64url, borrowed from the text */
	enum up_jwt_alg alg;
	uint8_t sig[64];                 /* of ES256 alone */
};

/* Exactly three parts, strict base64url and JSON, 86 signature characters, alg ES256, typ
 * (case-insensitive, an "application/" prefix is dropped) equal to TYP, no crit. TYP NULL: "JWT",
 * or no typ at all (RFC 7523 assertions made by others). Free *OUT in all cases. UP_E_FORMAT,
 * UP_E_ALG, UP_E_CLAIM, UP_E_TOO_LARGE (over UP_JWT_MAX). */
UP_MUST_USE enum up_err up_jwt_parse(struct up_span text, const char *typ, struct up_jwt *out);
/* The same for a token that others sign: ALLOWED is a set of enum up_jwt_alg.
 * core/jws.h verifies it. */
UP_MUST_USE enum up_err up_jwt_parse_alg(struct up_span text, const char *typ, unsigned allowed,
    struct up_jwt *out);
/* UP_E_ALG: not an ES256 token. */
UP_MUST_USE enum up_err up_jwt_verify(const struct up_jwt *, const struct up_jwk *key);
void up_jwt_free(struct up_jwt *);

/* Claims that every token for us must satisfy; NULL/0 members are not wanted. Leeway seconds either
 * way. */
struct up_jwt_expect {
	const char *iss, *aud, *sub, *nonce;
	bool nonce_optional;                 /* none in the token will do; another one never */
	bool need_exp, need_iat, need_jti;   /* a jti that is there is checked in any case */
	int64_t now_s, leeway_s,
	    max_age_s; /* max_age: iat not older than this (and never in the future past leeway);
			  also bounds exp - iat when exp is there; a token without iat must have an
			  exp within max_age of now */
};
/* aud: string equal, or an array that contains it (then azp, if present, must equal aud). exp, nbf,
 * iat: numbers (a fraction of a second is cut off), never strings. UP_E_CLAIM, UP_E_EXPIRED. */
UP_MUST_USE enum up_err up_jwt_expect(const struct up_jwt *, const struct up_jwt_expect *);
/* The same; *CLAIM is the name of the first claim that does not fit, NULL when all do. */
UP_MUST_USE enum up_err up_jwt_expect_named(const struct up_jwt *, const struct up_jwt_expect *,
    const char **claim);

#endif
