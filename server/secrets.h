/* SPDX-License-Identifier: Apache-2.0
 * The three secrets of a login transaction (SECURITY 2). The watch token and the device code are
 * drawn; the handle and the frame key are derived from the watch token under a key of the server,
 * so that nothing but hashes needs to be kept.
 *
 * All keys of what is short-lived come from one secret by HKDF, each by a label of its own: the
 * file of the configuration's "live_secret", so that several processes agree, or one drawn at the
 * start that ends with the process. The key of DPoP nonces does not, as long as each process has
 * its own memory of the proofs that were used: a nonce that outlived it, or that another process
 * takes, would let a proof that somebody caught work once more. */
#ifndef UP_SECRETS_H
#define UP_SECRETS_H

#include "core/frame.h"
#include "server/server.h"

/* The keys of the server, and SEED for live's tables; that of nonces is drawn. UP_E_KEY, UP_E_IO,
 * UP_E_CRYPTO; WHY for people. */
UP_MUST_USE enum up_err up_secrets_start(struct up_server *, uint8_t seed[16], char why[256]);
/* Then, where up_live_shared: that of nonces comes from the secret as well. As above. */
UP_MUST_USE enum up_err up_secrets_share_nonces(struct up_server *, char why[256]);

/* Key under which live keeps a secret: the first 16 bytes of its SHA-256. */
UP_MUST_USE enum up_err up_secrets_key(struct up_span secret, uint8_t key[UP_LIVE_KEY]);
/* 22 characters of base64url to a key. UP_E_CODE when they are not that. */
UP_MUST_USE enum up_err up_secrets_key_of_text(struct up_span text, uint8_t key[UP_LIVE_KEY]);
UP_MUST_USE enum up_err up_secrets_handle(
    const struct up_server *, const uint8_t watch[16], uint8_t handle[UP_FRAME_HANDLE]);
UP_MUST_USE enum up_err up_secrets_frame_key(
    const struct up_server *, const uint8_t handle[UP_FRAME_HANDLE], uint8_t key[UP_FRAME_KEY]);

#endif
