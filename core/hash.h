/* SPDX-License-Identifier: Apache-2.0
 * SHA-256 and HMAC-SHA-256 over parts that lie apart, with OpenSSL's algorithms fetched once.
 * Thread-safe. */
#ifndef UP_HASH_H
#define UP_HASH_H

#include "core/span.h"

#define UP_HASH_LEN 32

/* PARTS one after the other, nothing in between. UP_E_CRYPTO; OUT is all zeros then. */
UP_MUST_USE enum up_err up_hash_sha256(
    const struct up_span *parts, size_t n, uint8_t out[UP_HASH_LEN]);
UP_MUST_USE enum up_err up_hash_hmac(
    struct up_span key, const struct up_span *parts, size_t n, uint8_t out[UP_HASH_LEN]);
/* HKDF (RFC 5869) with SHA-256: N bytes, at most 255 * 32, of the secret IKM for the use that INFO
 * names. SALT may be empty. UP_E_RANGE; UP_E_CRYPTO: OUT is all zeros then. */
UP_MUST_USE enum up_err up_hash_hkdf(
    struct up_span ikm, struct up_span salt, struct up_span info, uint8_t *out, size_t n);

#endif
