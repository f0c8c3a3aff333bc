/* SPDX-License-Identifier: Apache-2.0 */
#include "module/rp/session.h"

#include "core/uscc.h"
#include "module/rp/cookie.h"

#define VERSION 1
#define TEXTS 9
#define CLOCK_SKEW_S 300                 /* between the nodes of one portal */
#define REFRESH_MIN_S 60

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

static bool take(struct up_span plain, struct up_rp_session *s)
{
	struct up_cookie_reader r = { plain.p, plain.n, false };
	struct up_span version = up_cookie_read_bytes(&r, 1);

	if (version.n != 1 || version.p[0] != VERSION)
		return false;
	s->created_s = up_cookie_read_i64(&r);
	s->seen_s = up_cookie_read_i64(&r);
	s->auth_time_s = up_cookie_read_i64(&r);
	s->certificate_version = up_cookie_read_i64(&r);
	for (size_t i = 0; i < TEXTS; i++)
		*(struct up_span *)((char *)s + texts[i].offset) = up_cookie_read_text(&r, texts[i].max);
	return !r.failed && r.n == 0;
}

static bool within_limits(const struct up_rp *rp, const struct up_rp_session *s, int64_t now)
{
	if (s->created_s < 0 || s->seen_s < s->created_s || s->seen_s - CLOCK_SKEW_S > now)
		return false;
	return now - s->seen_s <= rp->idle_s && now - s->created_s <= rp->max_s;
}

static bool open_one(struct up_rp_opener *o, struct up_span value, struct up_span *plain, bool *old)
{
	size_t n;

	if (up_recent_find(&o->recent, value, plain, old))
		return true;
	if (up_seal_take(o->seal, o->session_purpose, value, o->plain, sizeof(o->plain), &n, old) != UP_OK)
		return false;
	*plain = up_span_of(o->plain, n);
	up_recent_keep(&o->recent, value, *plain, *old);
	return true;
}

enum up_err up_rp_session_open(struct up_rp_opener *o, struct up_span cookies, int64_t now_s, struct up_rp_session *s, bool *refresh)
{
	struct up_span rest = cookies, value, plain;
	int64_t quarter = o->rp->idle_s / 4;
	bool old;

	*refresh = false;
	for (unsigned tries = 0; tries < UP_RP_TRIES && up_cookie_next(&rest, UP_SPAN_LIT(UP_RP_SESSION_COOKIE), &value); tries++) {
		if (!open_one(o, value, &plain, &old) || !take(plain, s) || !within_limits(o->rp, s, now_s))
			continue;
		*refresh = old || now_s - s->seen_s > (quarter > REFRESH_MIN_S ? quarter : REFRESH_MIN_S);
		return UP_OK;
	}
	*s = (struct up_rp_session){ 0 };
	return UP_E_TOKEN;
}

enum up_err up_rp_session_cookie(struct up_rp_opener *o, const struct up_rp_session *s, int64_t now_s, struct up_buf *set_cookie)
{
	uint8_t plain[UP_RP_PLAIN_MAX];
	struct up_cookie_writer w = { plain, 0, sizeof(plain), false };
	const uint8_t version = VERSION;
	enum up_err e = UP_E_TOO_LARGE;

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
	if (!w.failed)
		e = up_cookie_put(o->seal, UP_RP_SESSION_COOKIE, o->session_purpose, up_span_of(plain, w.n), -1, set_cookie);
	up_wipe(plain, sizeof(plain));
	return e;
}
