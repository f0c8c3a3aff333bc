/* SPDX-License-Identifier: Apache-2.0 */
#include "module/rp/cookie.h"

#include <endian.h>
#include <openssl/rand.h>
#include <string.h>

#define TIME_MAX INT64_C(253402300799)   /* end of the year 9999: sums cannot overflow */
#define ATTRIBUTES "; Path=/; Secure; HttpOnly; SameSite=Lax"

/* The next "name=value" of *REST, which begins with NAME. */
static bool next_pair(struct up_span *rest, struct up_span name, struct up_span *pair)
{
	while (rest->n > 0) {
		const uint8_t *end = memchr(rest->p, ';', rest->n);
		struct up_span one = { rest->p, end != NULL ? (size_t)(end - rest->p) : rest->n };

		rest->p += one.n + (end != NULL);
		rest->n -= one.n + (end != NULL);
		while (one.n > 0 && (one.p[0] == ' ' || one.p[0] == '\t')) {
			one.p++;
			one.n--;
		}
		*pair = one;
		if (one.n > name.n && memcmp(one.p, name.p, name.n) == 0)
			return true;
	}
	return false;
}

bool up_cookie_next(struct up_span *rest, struct up_span name, struct up_span *value)
{
	struct up_span pair;

	while (next_pair(rest, name, &pair)) {
		if (pair.p[name.n] != '=')
			continue;
		*value = up_span_trim(up_span_of(pair.p + name.n + 1, pair.n - name.n - 1));
		return true;
	}
	return false;
}

bool up_cookie_next_below(struct up_span *rest, struct up_span prefix, struct up_span *rest_of_name,
    struct up_span *value)
{
	struct up_span pair;

	while (next_pair(rest, prefix, &pair)) {
		if (!up_span_cut(up_span_of(pair.p + prefix.n, pair.n - prefix.n), '=',
		    rest_of_name, value))
			continue;
		*value = up_span_trim(*value);
		return true;
	}
	return false;
}

enum up_err up_cookie_put(struct up_seal *seal, const char *name, struct up_span purpose,
    struct up_span plain, int64_t max_age_s, struct up_buf *out)
{
	uint8_t nonce[UP_SEAL_NONCE];
	enum up_err err;

	if (RAND_bytes(nonce, sizeof(nonce)) != 1)
		return UP_E_CRYPTO;
	up_buf_put_str(out, name);
	up_buf_put_char(out, '=');
	err = up_seal_put(seal, purpose, nonce, plain, out);
	if (err != UP_OK)
		return err;
	up_buf_put_str(out, ATTRIBUTES);
	if (max_age_s >= 0)
		up_buf_printf(out, "; Max-Age=%lld", (long long)max_age_s);
	return out->failed ? UP_E_NOMEM : UP_OK;
}

void up_cookie_put_gone(const char *name, struct up_buf *out)
{
	up_buf_printf(out, "%s=%s; Max-Age=0", name, ATTRIBUTES);
}

/* --- writing --- */

void up_cookie_write_bytes(struct up_cookie_writer *w, const uint8_t *p, size_t n)
{
	if (w->failed || n > w->cap - w->n) {
		w->failed = true;
		return;
	}
	if (n > 0)
		memcpy(w->p + w->n, p, n);
	w->n += n;
}

void up_cookie_write_i64(struct up_cookie_writer *w, int64_t v)
{
	uint64_t u = (uint64_t)v;
	uint8_t b[8];

	for (size_t i = 0; i < sizeof(b); i++)
		b[i] = (uint8_t)(u >> (56 - 8 * i));
	up_cookie_write_bytes(w, b, sizeof(b));
}

void up_cookie_write_text(struct up_cookie_writer *w, struct up_span s)
{
	uint8_t b[2] = { (uint8_t)(s.n >> 8), (uint8_t)s.n };

	if (s.n > UINT16_MAX) {
		w->failed = true;
		return;
	}
	up_cookie_write_bytes(w, b, sizeof(b));
	up_cookie_write_bytes(w, s.p, s.n);
}

/* --- reading --- */

struct up_span up_cookie_read_bytes(struct up_cookie_reader *r, size_t n)
{
	struct up_span s = { r->p, n };

	if (r->failed || n > r->n) {
		r->failed = true;
		return (struct up_span){ 0 };
	}
	r->p += n;
	r->n -= n;
	return s;
}

int64_t up_cookie_read_i64(struct up_cookie_reader *r)
{
	uint64_t u;

	if (r->failed || r->n < sizeof(u)) {
		r->failed = true;
		return 0;
	}
	memcpy(&u, r->p, sizeof(u));
	r->p += sizeof(u);
	r->n -= sizeof(u);
	return (int64_t)be64toh(u);
}

int64_t up_cookie_read_time(struct up_cookie_reader *r)
{
	int64_t v = up_cookie_read_i64(r);

	if (v < 0 || v > TIME_MAX)
		r->failed = true;
	return r->failed ? 0 : v;
}

struct up_span up_cookie_read_text(struct up_cookie_reader *r, size_t max)
{
	size_t n = !r->failed && r->n >= 2 ? (size_t)r->p[0] << 8 | r->p[1] : SIZE_MAX;
	struct up_span s;

	if (n > max || n > r->n - 2) {
		r->failed = true;
		return (struct up_span){ 0 };
	}
	s = up_span_of(r->p + 2, n);
	r->p += 2 + n;
	r->n -= 2 + n;
	return s;
}
