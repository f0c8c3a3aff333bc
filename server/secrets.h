/* SPDX-License-Identifier: Apache-2.0
 * The three secrets of a login transaction (SECURITY 2). The watch token and the device code are drawn; the handle and the
 * frame key are derived from the watch token under a key of this process, so that nothing but hashes needs to be kept. */
#ifndef UP_SECRETS_H
#define UP_SECRETS_H

#include "core/frame.h"
#include "server/server.h"

/* Key under which live keeps a secret: the first 16 bytes of its SHA-256. */
UP_MUST_USE enum up_err up_secrets_key(struct up_span secret, uint8_t key[UP_LIVE_KEY]);
/* 22 characters of base64url to a key. UP_E_CODE when they are not that. */
UP_MUST_USE enum up_err up_secrets_key_of_text(struct up_span text, uint8_t key[UP_LIVE_KEY]);
UP_MUST_USE enum up_err up_secrets_handle(const struct up_server *, const uint8_t watch[16], uint8_t handle[UP_FRAME_HANDLE]);
UP_MUST_USE enum up_err up_secrets_frame_key(const struct up_server *, const uint8_t handle[UP_FRAME_HANDLE], uint8_t key[UP_FRAME_KEY]);

#endif
