/* SPDX-License-Identifier: Apache-2.0
 * Sealed values: what a browser keeps for us (session and login cookies).
 * AES-256-GCM, 96-bit random nonce given by the caller, key ids for rotation.
 *
 *   wire = base64url( version 1 byte (=1) | key id 4 bytes | nonce 12 | ciphertext | tag 16 )
 *   key id = first 4 bytes of SHA-256("unitpass-seal-id" || 0 || key)
 *   AAD = version | key id | purpose bytes
 *
 * A ring holds up to UP_SEAL_KEYS keys, newest first: the first seals, all open.  A ring keeps
 * its cipher contexts (key schedule included) between calls, so it belongs to one thread at a time.
 */
#ifndef UP_SEAL_H
#define UP_SEAL_H

#include "core/span.h"

#define UP_SEAL_KEYS 8
#define UP_SEAL_NONCE 12
#define UP_SEAL_OVERHEAD (1 + 4 + 12 + 16)

struct up_seal;                          /* a key ring */

/* KEYS: n*32 bytes, newest first, 1..UP_SEAL_KEYS keys, no two alike. *OUT NULL on error. UP_E_KEY,
 * UP_E_CRYPTO, UP_E_NOMEM. */
UP_MUST_USE enum up_err up_seal_new(const uint8_t *keys, size_t n, struct up_seal **out);
void up_seal_free(struct up_seal **);
/* A session key file's text: one key a line, 64 hex digits or 43 characters of base64url; '#'
 * comments and blank lines. Appends 32-byte keys to the *N (0 at first) in KEYS, at most
 * UP_SEAL_KEYS in all. UP_E_FORMAT (*line = which), UP_E_KEY when there is none or a duplicate;
 * KEYS and *N are as before then. */
UP_MUST_USE enum up_err up_seal_parse_keys(
    struct up_span text, uint8_t keys[UP_SEAL_KEYS * 32], size_t *n, unsigned *line);
/* 8 hex digits of the newest key's id: what `doctor` compares across nodes. */
void up_seal_fingerprint(const struct up_seal *, char out[9]);
/* The same of the Ith key, from the newest on; false: there are not so many. */
bool up_seal_id(const struct up_seal *, size_t i, char out[9]);

/* Append the sealed text of PLAIN to OUT. PURPOSE separates uses ("session https://id.example
 * client"). A nonce serves once. UP_E_TOO_LARGE (over 1 MiB), UP_E_CRYPTO, UP_E_NOMEM. */
UP_MUST_USE enum up_err up_seal_put(struct up_seal *, struct up_span purpose,
    const uint8_t nonce[UP_SEAL_NONCE], struct up_span plain, struct up_buf *out);
/* Open TEXT into OUT (cap >= decoded size - overhead is always enough). *OLD: sealed under a key
 * that is not the newest. UP_E_FORMAT, UP_E_KEY (unknown key id), UP_E_SIGNATURE. OUT is wiped on
 * error. No allocation. */
UP_MUST_USE enum up_err up_seal_take(struct up_seal *, struct up_span purpose, struct up_span text,
    uint8_t *out, size_t cap, size_t *n, bool *old);

#endif
