/* SPDX-License-Identifier: Apache-2.0
 * SHA-256 and HMAC-SHA-256 over parts that lie apart, with OpenSSL's algorithms fetched once. Thread-safe. */
#ifndef UP_HASH_H
#define UP_HASH_H

#include "core/span.h"

#define UP_HASH_LEN 32

/* PARTS one after the other, nothing in between. UP_E_CRYPTO; OUT is all zeros then. */
UP_MUST_USE enum up_err up_hash_sha256(const struct up_span *parts, size_t n, uint8_t out[UP_HASH_LEN]);
UP_MUST_USE enum up_err up_hash_hmac(struct up_span key, const struct up_span *parts, size_t n, uint8_t out[UP_HASH_LEN]);

#endif
