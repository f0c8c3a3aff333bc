/* SPDX-License-Identifier: Apache-2.0 */
#include "module/rp/session.h"

#include <string.h>

#include "core/uscc.h"
#include "module/rp/cookie.h"

#define VERSION 1
#define TEXTS 9
#define CLOCK_SKEW_S 300                 /* between the nodes of one portal */
#define REFRESH_MIN_S 60
#define SEEN_MAX 128                     /* plain content of the seen cookie */

/* The order is the wire's. */
static const struct { size_t offset, max; } texts[TEXTS] = {
	{ offsetof(struct up_rp_session, unit_code), UP_USCC_LEN },
	{ offsetof(struct up_rp_session, unit_name), UP_SESSION_UNIT_NAME_MAX },
	{ offsetof(struct up_rp_session, certificate), UP_SESSION_ID_MAX },
	{ offsetof(struct up_rp_session, role), UP_SESSION_ROLE_MAX },
	{ offsetof(struct up_rp_session, holder_ref), UP_SESSION_ID_MAX },
	{ offsetof(struct up_rp_session, holder_name), UP_SESSION_HOLDER_NAME_MAX },
	{ offsetof(struct up_rp_session, items), UP_SESSION_ITEMS_MAX },
	{ offsetof(struct up_rp_session, sid), UP_SESSION_ID_MAX },
	{ offsetof(struct up_rp_session, sub), UP_SESSION_SUB_MAX },
};

bool up_session_take(struct up_span plain, struct up_rp_session *s)
{
	struct up_cookie_reader r = { plain.p, plain.n, false };
	struct up_span version = up_cookie_read_bytes(&r, 1);

	s->all = (struct up_span){ 0 };
	if (version.n != 1 || version.p[0] != VERSION)
		return false;
	s->created_s = up_cookie_read_time(&r);
	s->seen_s = up_cookie_read_time(&r);
	s->auth_time_s = up_cookie_read_time(&r);
	s->certificate_version = up_cookie_read_i64(&r);
	for (size_t i = 0; i < TEXTS; i++)
		*(struct up_span *)((char *)s + texts[i].offset) = up_cookie_read_text(
		    &r, texts[i].max);
	return !r.failed && r.n == 0;
}

static bool within_limits(const struct up_rp *rp, const struct up_rp_session *s, int64_t now)
{
	if (s->seen_s < s->created_s || s->seen_s - CLOCK_SKEW_S > now)
		return false;
	return now - s->seen_s <= rp->idle_s && now - s->created_s <= rp->max_s;
}

/* Each text of S, which lie in PLAIN of N bytes and room for one more, gets a NUL behind it: there
 * stands the length of the next, which was read. */
static void end_texts(struct up_rp_session *s, uint8_t *plain, size_t n)
{
	for (size_t i = 0; i < TEXTS; i++) {
		struct up_span text = *(const struct up_span *)((const char *)s + texts[i].offset);

		plain[(size_t)(text.p - plain) + text.n] = '\0';
	}
	s->all = up_span_of(plain, n + 1);
}

static bool open_one(struct up_rp_opener *o, struct up_span value, struct up_rp_session *s)
{
	struct up_recent *recent = o->rp->recent;
	size_t n;
	bool old;

	if (up_recent_take(recent, value, &o->held, s))
		return true;
	if (up_seal_take(o->seal, o->session_purpose, value, o->plain, sizeof(o->plain) - 1, &n,
	    &old) != UP_OK || !up_session_take(up_span_of(o->plain, n), s))
		return false;
	end_texts(s, o->plain, n);
	up_recent_keep(recent, value, s);
	return true;
}

/* --- seen last: a cookie of its own, for the session that it names --- */

static bool seen_of(struct up_rp_opener *o, struct up_span value, struct up_span sid,
    int64_t *seen_s)
{
	uint8_t plain[SEEN_MAX];
	struct up_cookie_reader r = { plain, 0, false };
	bool old;

	if (up_seal_take(o->seal, up_span_str(o->rp->seen_purpose), value, plain, sizeof(plain),
	    &r.n, &old) != UP_OK)
		return false;
	*seen_s = up_cookie_read_time(&r);
	return up_span_eq(up_cookie_read_text(&r, UP_SESSION_ID_MAX), sid) && !r.failed && r.n == 0;
}

/* How long S may go without a word of when it was seen. */
static int64_t refresh_after(const struct up_rp *rp)
{
	return rp->idle_s / 4 > REFRESH_MIN_S ? rp->idle_s / 4 : REFRESH_MIN_S;
}

/* A young session needs no look at it. */
static void note_seen(struct up_rp_opener *o, struct up_span cookies, int64_t now,
    struct up_rp_session *s)
{
	const struct up_span name = UP_SPAN_LIT(UP_RP_SEEN_COOKIE);
	struct up_span value;
	int64_t seen;

	if (now - s->seen_s <= refresh_after(o->rp))
		return;
	for (unsigned n = 0; n < UP_RP_TRIES && up_cookie_next(&cookies, name, &value); n++)
		if (seen_of(o, value, s->sid, &seen) && seen > s->seen_s &&
		    seen - CLOCK_SKEW_S <= now)
			s->seen_s = seen;
}

enum up_err up_rp_session_refresh(struct up_rp_opener *o, const struct up_rp_session *s,
    int64_t now_s, struct up_buf *set_cookie)
{
	uint8_t plain[SEEN_MAX];
	struct up_cookie_writer w = { plain, 0, sizeof(plain), false };

	up_cookie_write_i64(&w, now_s > s->seen_s ? now_s : s->seen_s);
	up_cookie_write_text(&w, s->sid);
	if (w.failed)
		return UP_E_TOO_LARGE;
	return up_cookie_put(o->seal, UP_RP_SEEN_COOKIE, up_span_str(o->rp->seen_purpose),
	    up_span_of(plain, w.n), -1, set_cookie);
}

/* --- the session --- */

/* Another session beside the one found? Into memory of its own: what was found stays. */
static bool is_another(struct up_rp_opener *o, struct up_span value, struct up_span cookies,
    int64_t now)
{
	uint8_t plain[UP_RP_PLAIN_MAX];
	struct up_rp_session s;
	bool old, live;
	size_t n;

	if (up_seal_take(o->seal, o->session_purpose, value, plain, sizeof(plain), &n,
	    &old) != UP_OK)
		return false;
	live = up_session_take(up_span_of(plain, n), &s);
	if (live) {
		note_seen(o, cookies, now, &s);
		live = within_limits(o->rp, &s, now);
	}
	up_wipe(plain, sizeof(plain));
	return live;
}

/* A browser keeps one cookie of this name. Where two sessions come, one of them was slipped in (a
 * sibling host's cookie that an old browser or a proxy lets look like ours), and nobody can say
 * which: neither is believed. What does not open, or is over its limits, is passed over. */
enum up_err up_rp_session_open(struct up_rp_opener *o, struct up_span cookies, int64_t now_s,
    struct up_rp_session *s, bool *refresh)
{
	const struct up_span name = UP_SPAN_LIT(UP_RP_SESSION_COOKIE);
	struct up_span rest = cookies, value, found = { 0 };
	unsigned n = 0;

	*refresh = false;
	for (; n < UP_RP_TRIES && up_cookie_next(&rest, name, &value); n++) {
		if (found.n > 0 && !up_span_eq(value, found) &&
		    is_another(o, value, cookies, now_s)) {
			found.n = 0;
			break;
		}
		if (found.n > 0 || !open_one(o, value, s))
			continue;
		note_seen(o, cookies, now_s, s);
		if (within_limits(o->rp, s, now_s))
			found = value;
	}
	/* Of more than we open, another one may be a session. */
	if (found.n == 0 || (n == UP_RP_TRIES && up_cookie_next(&rest, name, &value))) {
		*s = (struct up_rp_session){ 0 };
		return UP_E_TOKEN;
	}
	*refresh = now_s - s->seen_s > refresh_after(o->rp);
	return UP_OK;
}

void up_rp_session_copy(const struct up_rp_session *from, struct up_rp_session *to, uint8_t *bytes)
{
	*to = *from;
	memcpy(bytes, from->all.p, from->all.n);
	for (size_t i = 0; i < TEXTS; i++) {
		struct up_span *text = (struct up_span *)((char *)to + texts[i].offset);

		text->p = bytes + (text->p - from->all.p);
	}
	to->all.p = bytes;
}

enum up_err up_session_put(const struct up_rp_session *s, int64_t now_s,
    uint8_t out[UP_SESSION_MAX], size_t *n)
{
	struct up_cookie_writer w = { out, 0, UP_SESSION_MAX, false };
	const uint8_t version = VERSION;

	up_cookie_write_bytes(&w, &version, 1);
	up_cookie_write_i64(&w, s->created_s);
	up_cookie_write_i64(&w, now_s > s->seen_s ? now_s : s->seen_s);
	up_cookie_write_i64(&w, s->auth_time_s);
	up_cookie_write_i64(&w, s->certificate_version);
	for (size_t i = 0; i < TEXTS; i++) {
		struct up_span text = *(const struct up_span *)((const char *)s + texts[i].offset);

		w.failed = w.failed || text.n > texts[i].max;
		up_cookie_write_text(&w, text);
	}
	*n = w.n;
	return w.failed ? UP_E_TOO_LARGE : UP_OK;
}

enum up_err up_rp_session_cookie(struct up_rp_opener *o, const struct up_rp_session *s,
    int64_t now_s, struct up_buf *set_cookie)
{
	uint8_t plain[UP_SESSION_MAX];
	size_t n;
	enum up_err err = up_session_put(s, now_s, plain, &n);

	if (err == UP_OK)
		err = up_cookie_put(o->seal, UP_RP_SESSION_COOKIE, o->session_purpose,
		    up_span_of(plain, n), -1, set_cookie);
	up_wipe(plain, sizeof(plain));
	return err;
}
