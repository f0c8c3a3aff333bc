/* SPDX-License-Identifier: Apache-2.0
 * What an animated login QR says (SECURITY 4):
 *
 *   {issuer}/q/{handle}.{t}.{mac}      handle: 22 characters of base64url (128 bits)
 *                                      t: seconds since the transaction began, decimal
 *                                      mac: base64url of HMAC-SHA-256(frame key, "unitpass-frame"
 * || 0 || handle || '.' || t)[0..16) {issuer}/q/{handle}                static form, for clients
 * registered with --static-qr
 */
#ifndef UP_FRAME_H
#define UP_FRAME_H

#include "core/span.h"

#define UP_FRAME_WINDOW 10               /* seconds a frame may be older or newer */
#define UP_FRAME_HANDLE 16
#define UP_FRAME_KEY 32
#define UP_FRAME_TEXT_MAX 64             /* handle.t.mac */

struct up_frame {
	uint8_t handle[UP_FRAME_HANDLE];
	bool is_static;                  /* no t and mac */
	uint32_t t;
	uint8_t mac[16];
};

/* Append "handle.t.mac" to OUT. */
UP_MUST_USE enum up_err up_frame_put(const uint8_t key[UP_FRAME_KEY],
    const uint8_t handle[UP_FRAME_HANDLE], uint32_t t, struct up_buf *out);
/* TEXT: "handle.t.mac" or "handle", what follows "/q/". UP_E_FORMAT. */
UP_MUST_USE enum up_err up_frame_parse(struct up_span text, struct up_frame *f);
/* UP_E_SIGNATURE (constant time), UP_E_EXPIRED when |f->t - now_t| > UP_FRAME_WINDOW. A static
 * frame is UP_E_SIGNATURE here. */
UP_MUST_USE enum up_err up_frame_check(
    const struct up_frame *f, const uint8_t key[UP_FRAME_KEY], uint32_t now_t);

#endif
