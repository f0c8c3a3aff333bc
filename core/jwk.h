/* SPDX-License-Identifier: Apache-2.0
 * P-256 keys as JWK (RFC 7517, RFC 7518 section 6.2) over OpenSSL's EVP.
 * A key is immutable once made and may be shared between threads. */
#ifndef UP_JWK_H
#define UP_JWK_H

#include <jansson.h>

#include "core/span.h"

#define UP_JWK_THUMBPRINT 43             /* base64url of SHA-256, RFC 7638 */

struct up_jwk;

/* A fresh P-256 key pair (OpenSSL's own CSPRNG). */
UP_MUST_USE enum up_err up_jwk_generate(struct up_jwk **out);
/* From a JWK object: kty EC, crv P-256, x, y of exactly 43 characters, on the curve. With d:
 * private, and d must fit x,y. A symmetric or other key is UP_E_ALG; all else UP_E_KEY.
 * NEED_PUBLIC: a member d is refused (UP_E_KEY). */
UP_MUST_USE enum up_err up_jwk_from_json(const json_t *jwk, bool need_public, struct up_jwk **out);
/* x||y of a P-256 public JWK: the same rules, but for the point being on the curve. No key is made.
 */
UP_MUST_USE enum up_err up_jwk_xy(const json_t *jwk, bool need_public, uint8_t xy[64]);
/* Has it a member that only a private or shared key has (RFC 7518 section 6)? */
bool up_jwk_has_private(const json_t *jwk);
/* From x||y, 64 bytes (how the store keeps a device's key); UP_E_KEY when not on the curve. */
UP_MUST_USE enum up_err up_jwk_from_public(const uint8_t xy[64], struct up_jwk **out);
void up_jwk_public(const struct up_jwk *, uint8_t xy[64]);
/* Members kty crv x y kid, and d when PRIVATE; the caller's. NULL: no memory, or no private half.
 */
json_t *up_jwk_to_json(const struct up_jwk *, bool private_too);
const char *up_jwk_thumbprint(const struct up_jwk *);        /* 43 characters; also our kid */
bool up_jwk_is_private(const struct up_jwk *);
void up_jwk_free(struct up_jwk **);

/* ES256 over DATA: r||s, 64 bytes. */
UP_MUST_USE enum up_err up_jwk_sign(const struct up_jwk *, struct up_span data, uint8_t sig[64]);
/* UP_E_SIGNATURE when it does not verify. */
UP_MUST_USE enum up_err up_jwk_verify(
    const struct up_jwk *, struct up_span data, const uint8_t sig[64]);

#endif
