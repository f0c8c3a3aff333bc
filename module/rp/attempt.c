/* SPDX-License-Identifier: Apache-2.0 */
#include "module/rp/attempt.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "core/hash.h"
#include "core/text.h"
#include "module/rp/cookie.h"

#define BROWSER 2                        /* first byte: what a cookie holds, and how */
#define ATTEMPT 3
#define YEAR_S 31536000
#define ATTEMPT_COOKIE UP_RP_LOGIN_COOKIE "-"
#define ATTEMPT_NAME (sizeof(ATTEMPT_COOKIE) - 1 + UP_ATTEMPT_ID_TEXT)

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

	if (s.n == n && n > 0)
		memcpy(out, s.p, n);
}

static void read_attempt(struct up_cookie_reader *r, struct up_attempt *a)
{
	read_bytes(r, a->id, sizeof(a->id));
	read_bytes(r, a->nonce, sizeof(a->nonce));
	read_bytes(r, a->browser, sizeof(a->browser));
	a->started_s = up_cookie_read_time(r);
	a->expires_s = up_cookie_read_time(r);
	a->interval_s = up_cookie_read_time(r);
	a->polled_ms = up_cookie_read_i64(r);
	a->frame_interval_s = up_cookie_read_time(r);
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
	up_cookie_write_bytes(w, a->browser, sizeof(a->browser));
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

static void read_held(struct up_cookie_reader *r, struct up_attempt *a)
{
	struct up_span held = up_cookie_read_text(r, sizeof(a->held));

	if (held.n > 0)
		memcpy(a->held, held.p, held.n);
	a->held_n = held.n;
}

static bool take_attempt(struct up_span plain, struct up_span id_text, struct up_attempt *a)
{
	struct up_cookie_reader r = { plain.p, plain.n, false };
	struct up_span kind = up_cookie_read_bytes(&r, 1);
	char id[UP_ATTEMPT_ID_TEXT + 1];

	memset(a, 0, sizeof(*a));
	if (kind.n != 1 || kind.p[0] != ATTEMPT)
		return false;
	read_attempt(&r, a);
	read_held(&r, a);
	up_attempt_id_text(a, id);
	return !r.failed && r.n == 0 && up_span_eq_str(id_text, id);
}

static bool take_browser(struct up_span plain, struct up_attempts *out)
{
	struct up_cookie_reader r = { plain.p, plain.n, false };
	struct up_span head = up_cookie_read_bytes(&r, 2);

	if (head.n != 2 || head.p[0] != BROWSER || head.p[1] > UP_ATTEMPT_UNITS)
		return false;
	read_bytes(&r, out->browser, sizeof(out->browser));
	out->n_units = head.p[1];
	read_bytes(&r, out->units[0], out->n_units * UP_ATTEMPT_UNIT);
	return !r.failed && r.n == 0;
}

static bool open_cookie(struct up_rp_opener *o, struct up_span value,
    uint8_t plain[UP_RP_PLAIN_MAX], struct up_span *out)
{
	size_t n;
	bool old;

	if (up_seal_take(o->seal, purpose(o), value, plain, UP_RP_PLAIN_MAX, &n, &old) != UP_OK)
		return false;
	*out = up_span_of(plain, n);
	return true;
}

/* Where two of them come, one was slipped in, with units that this browser does not know: neither
 * is believed. Of more than we open, another one may be the browser's own. */
static bool load_browser(struct up_rp_opener *o, struct up_span cookies,
    uint8_t plain[UP_RP_PLAIN_MAX], struct up_attempts *out)
{
	const struct up_span name = UP_SPAN_LIT(UP_RP_LOGIN_COOKIE);
	struct up_span value, content, found = { 0 };
	unsigned n = 0;

	for (; n < UP_RP_TRIES && up_cookie_next(&cookies, name, &value); n++) {
		if (up_span_eq(value, found) || !open_cookie(o, value, plain, &content) ||
		    !take_browser(content, out))
			continue;
		if (found.n > 0)
			return false;
		found = value;
	}
	return found.n > 0 && !(n == UP_RP_TRIES && up_cookie_next(&cookies, name, &value));
}

static void send_away(struct up_attempts *all, struct up_span id_text)
{
	uint8_t id[UP_ATTEMPT_ID];

	/* nothing but a name of ours goes into a header */
	if (all->n_gone == UP_ARRAY_LEN(all->gone) ||
	    up_text_b64url_fixed(id_text, id, sizeof(id)) != UP_OK)
		return;
	memcpy(all->gone[all->n_gone], id_text.p, UP_ATTEMPT_ID_TEXT);
	all->gone[all->n_gone++][UP_ATTEMPT_ID_TEXT] = '\0';
}

/* Sorted by age, whatever order the browser sends them in. */
static void add(struct up_attempts *all, const struct up_attempt *a)
{
	size_t i = all->n;

	for (; i > 0 && all->at[i - 1].started_s > a->started_s; i--)
		all->at[i] = all->at[i - 1];
	all->at[i] = *a;
	all->n++;
}

static size_t count(struct up_span cookies)
{
	struct up_span id, value;
	size_t n = 0;

	while (up_cookie_next_below(&cookies, UP_SPAN_LIT(ATTEMPT_COOKIE), &id, &value))
		n++;
	return n;
}

/* The last ones of the header are the newest: more than a browser of ours has are not opened. Those
 * that serve nothing are taken away a few at a time: an answer holds only so many headers. */
static void load_attempts(struct up_rp_opener *o, struct up_span cookies, int64_t now_s,
    uint8_t plain[UP_RP_PLAIN_MAX], struct up_attempts *out)
{
	size_t n = count(cookies), i = 0;
	struct up_span id, value, content;
	struct up_attempt a;

	for (; up_cookie_next_below(&cookies, UP_SPAN_LIT(ATTEMPT_COOKIE), &id, &value); i++) {
		bool good = i + UP_ATTEMPTS_SEEN >= n && open_cookie(o, value, plain, &content) &&
		    take_attempt(content, id, &a);

		if (good && a.expires_s + UP_ATTEMPT_KEEP_S >= now_s &&
		    up_attempt_find(out, id) == NULL) {
			a.size = ATTEMPT_NAME + value.n;
			add(out, &a);
		} else if (out->n_gone < UP_ATTEMPTS_SEEN) {
			send_away(out, id);
		}
	}
	up_wipe(&a, sizeof(a));
}

enum up_err up_attempt_load(
    struct up_rp_opener *o, struct up_span cookies, int64_t now_s, struct up_attempts *out)
{
	uint8_t plain[UP_RP_PLAIN_MAX];
	enum up_err err = UP_OK;

	memset(out, 0, sizeof(*out));
	if (!load_browser(o, cookies, plain, out)) {
		out->n_units = 0;
		out->changed = true;
		err = RAND_bytes(out->browser, sizeof(out->browser)) == 1 ? UP_OK : UP_E_CRYPTO;
	}
	load_attempts(o, cookies, now_s, plain, out);
	up_wipe(plain, sizeof(plain));
	return err;
}

/* --- sending --- */

static enum up_err seal(struct up_rp_opener *o, const char *name, const struct up_cookie_writer *w,
    int64_t age_s, struct up_buf *out)
{
	if (w->failed || up_text_b64url_len(w->n + UP_SEAL_OVERHEAD) +
	    strlen(name) + 1 >= UP_RP_COOKIE_MAX)
		return UP_E_TOO_LARGE;
	return up_cookie_put(o->seal, name, purpose(o), up_span_of(w->p, w->n), age_s, out);
}

static enum up_err put_attempt(struct up_rp_opener *o, struct up_attempt *a, struct up_buf *out)
{
	uint8_t plain[UP_RP_PLAIN_MAX];
	const uint8_t kind = ATTEMPT;
	struct up_cookie_writer w = { plain, 0, sizeof(plain), false };
	char name[ATTEMPT_NAME + 1] = ATTEMPT_COOKIE;
	int64_t age = a->expires_s > a->started_s ? a->expires_s - a->started_s : 0;
	enum up_err err;

	up_attempt_id_text(a, name + sizeof(ATTEMPT_COOKIE) - 1);
	up_cookie_write_bytes(&w, &kind, 1);
	write_attempt(&w, a);
	up_cookie_write_text(&w, up_span_of(a->held, a->held_n));
	err = seal(o, name, &w, age + UP_ATTEMPT_KEEP_S, out);
	a->size = up_text_b64url_len(w.n + UP_SEAL_OVERHEAD) + ATTEMPT_NAME;
	up_wipe(plain, sizeof(plain));
	return err;
}

static enum up_err put_browser(struct up_rp_opener *o, const struct up_attempts *all,
    struct up_buf *out)
{
	uint8_t plain[2 + sizeof(all->browser) + sizeof(all->units)];
	const uint8_t head[2] = { BROWSER, (uint8_t)all->n_units };
	struct up_cookie_writer w = { plain, 0, sizeof(plain), false };

	up_cookie_write_bytes(&w, head, sizeof(head));
	up_cookie_write_bytes(&w, all->browser, sizeof(all->browser));
	up_cookie_write_bytes(&w, all->units[0], all->n_units * UP_ATTEMPT_UNIT);
	return seal(o, UP_RP_LOGIN_COOKIE, &w, YEAR_S, out);
}

/* Where somebody goes back to is the one thing that can be done without. */
static enum up_err send_attempt(struct up_rp_opener *o, struct up_attempt *a,
    up_attempt_put put, void *arg)
{
	struct up_buf b = { 0 };
	enum up_err err = put_attempt(o, a, &b);

	if (err == UP_E_TOO_LARGE) {
		snprintf(a->return_to, sizeof(a->return_to), "/");
		err = put_attempt(o, a, &b);
	}
	if (err == UP_OK)
		put(arg, &b);
	up_buf_free(&b);
	a->changed = false;
	return err;
}

static size_t total(const struct up_attempts *all)
{
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++)
		n += all->at[i].size;
	return n;
}

static void make_room(struct up_attempts *all, const struct up_attempt *keep)
{
	const size_t most = UP_RP_COOKIE_MAX -
	    up_text_b64url_len(UP_SEAL_OVERHEAD + 2 + sizeof(all->browser) + sizeof(all->units));
	uint8_t id[UP_ATTEMPT_ID];

	memcpy(id, keep->id, sizeof(id));
	for (size_t i = 0; i < all->n && (all->n > UP_ATTEMPTS || total(all) > most);) {
		if (memcmp(all->at[i].id, id, sizeof(id)) == 0)
			i++;
		else
			up_attempt_remove(all, &all->at[i]);
	}
}

static void send_gone(struct up_attempts *all, up_attempt_put put, void *arg)
{
	char name[ATTEMPT_NAME + 1] = ATTEMPT_COOKIE;
	struct up_buf b = { 0 };

	for (; all->n_gone > 0; all->n_gone--) {
		memcpy(name + sizeof(ATTEMPT_COOKIE) - 1, all->gone[all->n_gone - 1],
		    UP_ATTEMPT_ID_TEXT + 1);
		up_cookie_put_gone(name, &b);
		put(arg, &b);
	}
	up_buf_free(&b);
}

static enum up_err send_browser(struct up_rp_opener *o, struct up_attempts *all,
    up_attempt_put put, void *arg)
{
	struct up_buf b = { 0 };
	enum up_err err = all->changed ? put_browser(o, all, &b) : UP_OK;

	if (err == UP_OK && all->changed)
		put(arg, &b);
	all->changed = false;
	up_buf_free(&b);
	return err;
}

enum up_err up_attempt_save(struct up_rp_opener *o, struct up_attempts *all,
    struct up_attempt *keep, up_attempt_put put, void *arg)
{
	enum up_err err = send_browser(o, all, put, arg);

	for (size_t i = 0; err == UP_OK && i < all->n; i++)
		if (all->at[i].changed)
			err = send_attempt(o, &all->at[i], put, arg);
	if (all->n > 0)
		make_room(all, keep != NULL ? keep : &all->at[all->n - 1]);
	send_gone(all, put, arg);
	return err;
}

struct up_attempt *up_attempt_find(struct up_attempts *a, struct up_span id_text)
{
	uint8_t id[UP_ATTEMPT_ID];

	if (id_text.n != UP_ATTEMPT_ID_TEXT ||
	    up_text_b64url_fixed(id_text, id, sizeof(id)) != UP_OK)
		return NULL;
	for (size_t i = 0; i < a->n; i++)
		if (memcmp(a->at[i].id, id, sizeof(id)) == 0)
			return &a->at[i];
	return NULL;
}

void up_attempt_remove(struct up_attempts *a, struct up_attempt *gone)
{
	size_t i = (size_t)(gone - a->at);

	char id[UP_ATTEMPT_ID_TEXT + 1];

	if (i >= a->n)
		return;
	up_attempt_id_text(gone, id);
	send_away(a, up_span_str(id));
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

/* --- units that use this browser --- */

static enum up_err hash_unit(struct up_span code, uint8_t out[UP_ATTEMPT_UNIT])
{
	uint8_t hash[UP_HASH_LEN];
	enum up_err err = up_hash_sha256(&code, 1, hash);

	memcpy(out, hash, UP_ATTEMPT_UNIT);
	return err;
}

enum up_err up_attempt_knows(const struct up_attempts *all, struct up_span unit_code, bool *yes)
{
	uint8_t unit[UP_ATTEMPT_UNIT];
	enum up_err err = hash_unit(unit_code, unit);

	*yes = false;
	for (size_t i = 0; err == UP_OK && i < all->n_units; i++)
		*yes = *yes || memcmp(all->units[i], unit, sizeof(unit)) == 0;
	return err;
}

enum up_err up_attempt_learn(struct up_attempts *all, struct up_span unit_code)
{
	bool known;
	enum up_err err = up_attempt_knows(all, unit_code, &known);

	if (err != UP_OK || known)
		return err;
	if (all->n_units == UP_ATTEMPT_UNITS)
		memmove(all->units[0], all->units[1], --all->n_units * UP_ATTEMPT_UNIT);
	all->changed = true;
	return hash_unit(unit_code, all->units[all->n_units++]);
}
