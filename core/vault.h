/* SPDX-License-Identifier: Apache-2.0
 * Persons' data at rest (SECURITY 34): values sealed for one column of one owner, and a blind index
 * by which equal values are found without being opened.
 *
 *   sealed = a sealed value (core/seal.h) for the purpose
 *            "unitpass data" 0 column 0 owner
 *   index  = base64url( HMAC-SHA-256( index key, column 0 value ) )
 *
 * A value that stands in another column or row than its own does not open. The index key is no
 * key of the ring: data keys come and go, the index stays comparable. As a ring, a vault belongs to
 * one thread at a time. */
#ifndef UP_VAULT_H
#define UP_VAULT_H

#include "core/seal.h"

#define UP_VAULT_KEY 32
#define UP_VAULT_ID 8                    /* hex digits that name a data key */
#define UP_VAULT_INDEX 43

struct up_vault;

/* KEYS, N as up_seal_new takes them. *OUT NULL on error. UP_E_KEY, UP_E_CRYPTO, UP_E_NOMEM. */
UP_MUST_USE enum up_err up_vault_new(const uint8_t *keys, size_t n,
    const uint8_t index_key[UP_VAULT_KEY], struct up_vault **out);
void up_vault_free(struct up_vault **);
/* The id of the Ith key, newest first; false: there are not so many. */
bool up_vault_id(const struct up_vault *, size_t i, char out[UP_VAULT_ID + 1]);

/* Whose value, and which: words without NUL. */
struct up_vault_place { const char *column, *owner; };
/* As up_seal_put and up_seal_take. A nonce serves once. */
UP_MUST_USE enum up_err up_vault_put(struct up_vault *, struct up_vault_place,
    const uint8_t nonce[UP_SEAL_NONCE], struct up_span plain, struct up_buf *out);
UP_MUST_USE enum up_err up_vault_take(struct up_vault *, struct up_vault_place,
    struct up_span text, uint8_t *out, size_t cap, size_t *n);
/* UP_E_CRYPTO; OUT is empty then. */
UP_MUST_USE enum up_err up_vault_index(const struct up_vault *, const char *column,
    struct up_span value, char out[UP_VAULT_INDEX + 1]);

#endif
