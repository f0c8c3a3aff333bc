/* SPDX-License-Identifier: Apache-2.0 */
#include "core/frame.h"

#include <openssl/crypto.h>
#include <string.h>

#include "core/hash.h"
#include "core/text.h"

#define HANDLE_CHARS 22
#define MAC 16

/* TEXT: "handle.t" as it stands in the QR, so that what is authenticated is what was scanned. */
static enum up_err frame_mac(const uint8_t key[UP_FRAME_KEY], struct up_span text, uint8_t mac[MAC])
{
	static const char label[] = "unitpass-frame";   /* its NUL separates it from TEXT */
	const struct up_span parts[] = { up_span_of(label, sizeof(label)), text };
	uint8_t full[UP_HASH_LEN];
	enum up_err err = up_hash_hmac(
	    up_span_of(key, UP_FRAME_KEY), parts, UP_ARRAY_LEN(parts), full);

	memcpy(mac, full, MAC);
	up_wipe(full, sizeof(full));
	return err;
}

/* "handle.t" into TEXT; its length. */
static size_t frame_text(
    const uint8_t handle[UP_FRAME_HANDLE], uint32_t t, char text[UP_FRAME_TEXT_MAX])
{
	char digits[10];                 /* of 32 bits */
	size_t n = HANDLE_CHARS, at = sizeof(digits);

	up_text_b64url(up_span_of(handle, UP_FRAME_HANDLE), text);
	text[n++] = '.';
	do
		digits[--at] = (char)('0' + t % 10);
	while ((t /= 10) != 0);
	memcpy(text + n, digits + at, sizeof(digits) - at);
	return n + sizeof(digits) - at;
}

enum up_err up_frame_put(const uint8_t key[UP_FRAME_KEY], const uint8_t handle[UP_FRAME_HANDLE],
    uint32_t t, struct up_buf *out)
{
	char text[UP_FRAME_TEXT_MAX];
	uint8_t mac[MAC];
	size_t n = frame_text(handle, t, text);
	enum up_err err = frame_mac(key, up_span_of(text, n), mac);

	if (err != UP_OK)
		return err;
	up_buf_put(out, text, n);
	up_buf_put_char(out, '.');
	up_text_put_b64url(out, up_span_of(mac, MAC));
	return out->failed ? UP_E_NOMEM : UP_OK;
}

enum up_err up_frame_parse(struct up_span text, struct up_frame *f)
{
	struct up_span handle, rest, t, mac;
	uint64_t v;

	memset(f, 0, sizeof(*f));
	if (text.n > UP_FRAME_TEXT_MAX)
		return UP_E_FORMAT;
	f->is_static = !up_span_cut(text, '.', &handle, &rest);
	if (up_text_b64url_fixed(handle, f->handle, UP_FRAME_HANDLE) != UP_OK)
		return UP_E_FORMAT;
	if (f->is_static)
		return UP_OK;
	if (!up_span_cut(rest, '.', &t, &mac))
		return UP_E_FORMAT;
	if (up_span_u64(t, UINT32_MAX, &v) != UP_OK)
		return UP_E_FORMAT;
	f->t = (uint32_t)v;
	return up_text_b64url_fixed(mac, f->mac, MAC) == UP_OK ? UP_OK : UP_E_FORMAT;
}

enum up_err up_frame_check(
    const struct up_frame *f, const uint8_t key[UP_FRAME_KEY], uint32_t now_t)
{
	char text[UP_FRAME_TEXT_MAX];
	uint8_t mac[MAC];
	bool same;
	enum up_err err;

	if (f->is_static)
		return UP_E_SIGNATURE;
	err = frame_mac(key, up_span_of(text, frame_text(f->handle, f->t, text)), mac);
	if (err != UP_OK)
		return err;
	same = CRYPTO_memcmp(mac, f->mac, MAC) == 0;
	up_wipe(mac, MAC);
	if (!same)
		return UP_E_SIGNATURE;
	/* only now: the age of a forged frame is nobody's business */
	if ((f->t > now_t ? f->t - now_t : now_t - f->t) > UP_FRAME_WINDOW)
		return UP_E_EXPIRED;
	return UP_OK;
}
