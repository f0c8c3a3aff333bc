/* SPDX-License-Identifier: Apache-2.0 */
#include "module/rp/attempt.h"

#include <openssl/rand.h>
#include <string.h>

#include "core/text.h"
#include "module/rp/cookie.h"

#define VERSION 2
#define YEAR_S 31536000
#define TIME_MAX INT64_C(253402300799)   /* end of the year 9999: sums cannot overflow */

static struct up_span purpose(const struct up_rp_opener *o)
{
	return up_span_str(o->rp->login_purpose);
}

static void read_text(struct up_cookie_reader *r, char *out, size_t cap)
{
	struct up_span s = up_cookie_read_text(r, cap - 1);

	if (s.n > 0)
		memcpy(out, s.p, s.n);
	out[s.n] = '\0';
}

static void read_bytes(struct up_cookie_reader *r, uint8_t *out, size_t n)
{
	struct up_span s = up_cookie_read_bytes(r, n);

	if (s.n == n)
		memcpy(out, s.p, n);
}

static int64_t read_time(struct up_cookie_reader *r)
{
	int64_t v = up_cookie_read_i64(r);

	if (v < 0 || v > TIME_MAX)
		r->failed = true;
	return v;
}

static void read_attempt(struct up_cookie_reader *r, struct up_attempt *a)
{
	read_bytes(r, a->id, sizeof(a->id));
	read_bytes(r, a->nonce, sizeof(a->nonce));
	a->started_s = read_time(r);
	a->expires_s = read_time(r);
	a->interval_s = read_time(r);
	a->polled_ms = up_cookie_read_i64(r);
	a->frame_interval_s = read_time(r);
	read_text(r, a->device_code, sizeof(a->device_code));
	read_text(r, a->watch_uri, sizeof(a->watch_uri));
	read_text(r, a->complete_uri, sizeof(a->complete_uri));
	read_text(r, a->verification_uri, sizeof(a->verification_uri));
	read_text(r, a->user_code, sizeof(a->user_code));
	read_text(r, a->return_to, sizeof(a->return_to));
	read_text(r, a->item, sizeof(a->item));
}

static void write_attempt(struct up_cookie_writer *w, const struct up_attempt *a)
{
	up_cookie_write_bytes(w, a->id, sizeof(a->id));
	up_cookie_write_bytes(w, a->nonce, sizeof(a->nonce));
	up_cookie_write_i64(w, a->started_s);
	up_cookie_write_i64(w, a->expires_s);
	up_cookie_write_i64(w, a->interval_s);
	up_cookie_write_i64(w, a->polled_ms);
	up_cookie_write_i64(w, a->frame_interval_s);
	up_cookie_write_text(w, up_span_str(a->device_code));
	up_cookie_write_text(w, up_span_str(a->watch_uri));
	up_cookie_write_text(w, up_span_str(a->complete_uri));
	up_cookie_write_text(w, up_span_str(a->verification_uri));
	up_cookie_write_text(w, up_span_str(a->user_code));
	up_cookie_write_text(w, up_span_str(a->return_to));
	up_cookie_write_text(w, up_span_str(a->item));
}

static bool take(struct up_span plain, struct up_attempts *out)
{
	struct up_cookie_reader r = { plain.p, plain.n, false };
	struct up_span head = up_cookie_read_bytes(&r, 2);

	if (head.n != 2 || head.p[0] != VERSION || head.p[1] > UP_ATTEMPTS)
		return false;
	read_bytes(&r, out->browser, sizeof(out->browser));
	out->n = head.p[1];
	for (size_t i = 0; i < out->n; i++)
		read_attempt(&r, &out->at[i]);
	return !r.failed && r.n == 0;
}

static void forget_old(struct up_attempts *a, int64_t now_s)
{
	for (size_t i = a->n; i-- > 0;)
		if (a->at[i].expires_s + UP_ATTEMPT_KEEP_S < now_s)
			up_attempt_remove(a, &a->at[i]);
}

enum up_err up_attempt_load(struct up_rp_opener *o, struct up_span cookies, int64_t now_s, struct up_attempts *out)
{
	uint8_t plain[UP_RP_PLAIN_MAX];
	struct up_span rest = cookies, value;
	bool old, found = false;
	size_t n;

	memset(out, 0, sizeof(*out));
	for (unsigned tries = 0; !found && tries < UP_RP_TRIES && up_cookie_next(&rest, UP_SPAN_LIT(UP_RP_LOGIN_COOKIE), &value); tries++)
		found = up_seal_take(o->seal, purpose(o), value, plain, sizeof(plain), &n, &old) == UP_OK && take(up_span_of(plain, n), out);
	up_wipe(plain, sizeof(plain));
	if (found) {
		forget_old(out, now_s);
		return UP_OK;
	}
	up_wipe(out, sizeof(*out));
	return RAND_bytes(out->browser, sizeof(out->browser)) == 1 ? UP_OK : UP_E_CRYPTO;
}

static enum up_err put(struct up_rp_opener *o, const struct up_attempts *a, struct up_buf *out)
{
	uint8_t plain[UP_RP_PLAIN_MAX], head[2] = { VERSION, (uint8_t)a->n };
	struct up_cookie_writer w = { plain, 0, sizeof(plain), false };
	enum up_err e = UP_E_TOO_LARGE;

	up_cookie_write_bytes(&w, head, sizeof(head));
	up_cookie_write_bytes(&w, a->browser, sizeof(a->browser));
	for (size_t i = 0; i < a->n; i++)
		write_attempt(&w, &a->at[i]);
	if (!w.failed && up_text_b64url_len(w.n + UP_SEAL_OVERHEAD) + sizeof(UP_RP_LOGIN_COOKIE "=") - 1 < UP_RP_COOKIE_MAX)
		e = up_cookie_put(o->seal, UP_RP_LOGIN_COOKIE, purpose(o), up_span_of(plain, w.n), YEAR_S, out);
	up_wipe(plain, sizeof(plain));
	return e;
}

enum up_err up_attempt_save(struct up_rp_opener *o, struct up_attempts *a, struct up_buf *set_cookie)
{
	enum up_err e = UP_E_TOO_LARGE;

	while (a->n > UP_ATTEMPTS)
		up_attempt_remove(a, &a->at[0]);
	while ((e = put(o, a, set_cookie)) == UP_E_TOO_LARGE && a->n > 0)
		up_attempt_remove(a, &a->at[0]);
	return e;
}

struct up_attempt *up_attempt_find(struct up_attempts *a, struct up_span id_text)
{
	uint8_t id[UP_ATTEMPT_ID];

	if (id_text.n != UP_ATTEMPT_ID_TEXT || up_text_b64url_fixed(id_text, id, sizeof(id)) != UP_OK)
		return NULL;
	for (size_t i = 0; i < a->n; i++)
		if (memcmp(a->at[i].id, id, sizeof(id)) == 0)
			return &a->at[i];
	return NULL;
}

void up_attempt_remove(struct up_attempts *a, struct up_attempt *gone)
{
	size_t i = (size_t)(gone - a->at);

	if (i >= a->n)
		return;
	memmove(&a->at[i], &a->at[i + 1], (a->n - i - 1) * sizeof(a->at[0]));
	a->n--;
	up_wipe(&a->at[a->n], sizeof(a->at[0]));
}

bool up_attempt_is_done(const struct up_attempt *a)
{
	return a->device_code[0] == '\0' && a->expires_s > 0;
}

const char *up_attempt_qr(const struct up_attempt *a)
{
	return a->complete_uri[0] != '\0' ? a->complete_uri : a->verification_uri;
}

void up_attempt_id_text(const struct up_attempt *a, char out[UP_ATTEMPT_ID_TEXT + 1])
{
	up_text_b64url(up_span_of(a->id, sizeof(a->id)), out);
	out[UP_ATTEMPT_ID_TEXT] = '\0';
}
