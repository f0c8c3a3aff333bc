/* SPDX-License-Identifier: Apache-2.0
 * Made-up transactions for the tests of live state: number N has keys, id and code of its own. */
#ifndef UP_TEST_LIVE_H
#define UP_TEST_LIVE_H

#include <string.h>

#include "server/live/live.h"
#include "unit.h"

#define S(text) UP_SPAN_LIT(text)
/* CUnit counts its assertions without a lock: a program with threads brings its own. */
#ifndef LIVE_CHECK
#define LIVE_CHECK(cond) CU_ASSERT(cond)
#endif
#define T0 INT64_C(1700000000000)

static inline void
live_key(unsigned n, char what, uint8_t key[UP_LIVE_KEY])
{
	memset(key, what, UP_LIVE_KEY);
	memcpy(key, &n, sizeof(n));
}

static inline void
live_id(unsigned n, char id[UP_LIVE_ID + 1])
{
	snprintf(id, UP_LIVE_ID + 1, "transaction-%010u", n);
}

/* 20^4 prefixes, so different ones for different N below 160 000 */
static inline void
live_code(unsigned n, char code[9])
{
	for (int i = 3; i >= 0; i--, n /= 20)
		code[i] = "BCDFGHJKLMNPQRSTVWXZ"[n % 20];
	memcpy(code + 4, "QRST", 5);
}

static inline struct up_login_start
live_start(unsigned n, int64_t now_ms)
{
	struct up_login_start s = {
		.info = { .started_ms = now_ms,
		    .is_static = true,
		    .client = S("tax-portal"),
		    .item = S("annual-report"),
		    .purpose = S("File the annual report"),
		    .scope = S("openid unit"),
		    .nonce = S("n-0S6_WzA2Mj-portal-nonce"),
		    .initiator_ip = S("192.0.2.17"),
		    .initiator_agent = S(
			"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
		    .challenge = "AAAAAAAAAAAAAAAAAAAAAA",
		    .handle_hash = "00112233445566778899aabbccddeeff" }
	};

	live_id(n, s.info.id);
	live_key(n, 'h', s.handle);
	live_key(n, 'd', s.device);
	live_key(n, 'w', s.watch);
	live_code(n, s.user_code);
	return s;
}

/* A test that watches puts its own here. */
static void (*live_on_wake)(const char *id);

static inline void
live_woken(const char *id)
{
	if (live_on_wake != NULL)
		live_on_wake(id);
}

static inline struct up_live *
live_new(size_t transactions, size_t replays, size_t rates)
{
	struct up_live_settings settings = { .transactions = transactions, .replays = replays,
	    .rates = rates, .seed = "0123456789abcde", .woken = live_woken };
	struct up_live *l;

	CU_ASSERT_EQUAL_FATAL(up_live_memory_new(&settings, &l), UP_OK);
	return l;
}

/* --- the same steps by number --- */

static inline enum up_err
live_begin(struct up_live *l, unsigned n, int64_t now_ms)
{
	struct up_login_start s = live_start(n, now_ms);

	return up_live_start(l, &s, now_ms);
}

static inline enum up_err
live_peek(struct up_live *l, unsigned n, int64_t now_ms)
{
	const struct up_login_info *info;
	uint8_t key[UP_LIVE_KEY];
	enum up_err err;

	live_key(n, 'h', key);
	err = up_live_peek(l, key, now_ms, &info);
	LIVE_CHECK((err == UP_OK) == (info != NULL));
	up_live_info_unref(&info);
	return err;
}

static inline enum up_err
live_scan(struct up_live *l, unsigned n, int64_t device, int64_t now_ms, int64_t *deadline_ms)
{
	uint8_t key[UP_LIVE_KEY];

	live_key(n, 'h', key);
	return up_live_scan(l, key, device, "17", now_ms, deadline_ms);
}

static inline enum up_err
live_decide(struct up_live *l, unsigned n, int64_t device, int64_t now_ms)
{
	const struct up_login_info *info;
	char id[UP_LIVE_ID + 1], frame[16];
	int64_t deadline;
	enum up_err err;

	live_id(n, id);
	err = up_live_decide(l, id, device, now_ms, &info, frame, &deadline);
	LIVE_CHECK((err == UP_OK) == (info != NULL));
	LIVE_CHECK(strcmp(frame, err == UP_OK ? "17" : "") == 0);
	up_live_info_unref(&info);
	return err;
}

/* End a step by one of the functions that take id and time. */
static inline enum up_err
live_call(struct up_live *l, enum up_err (*step)(struct up_live *, const char *, int64_t),
    unsigned n, int64_t now_ms)
{
	char id[UP_LIVE_ID + 1];

	live_id(n, id);
	return step(l, id, now_ms);
}

static inline enum up_err
live_approve(struct up_live *l, unsigned n, int64_t role, int64_t now_ms)
{
	const struct up_live_approval approval = { role, role + 1, now_ms - 1000 };
	char id[UP_LIVE_ID + 1];

	live_id(n, id);
	return up_live_decide_approve(l, id, &approval, now_ms);
}

static inline enum up_err
live_redeem(struct up_live *l, unsigned n, int64_t now_ms, struct up_live_redeemed *out)
{
	struct up_live_redeemed r;
	uint8_t key[UP_LIVE_KEY];
	enum up_err err;

	live_key(n, 'd', key);
	err = up_live_redeem(l, key, S("tax-portal"), now_ms, &r);
	LIVE_CHECK((err == UP_OK || err == UP_E_REPLAY) == (r.info != NULL));
	up_live_info_unref(&r.info);
	if (out != NULL)
		*out = r;
	return err;
}

/* True: it was contested. */
static inline bool
live_commit(struct up_live *l, unsigned n, int64_t now_ms)
{
	char id[UP_LIVE_ID + 1], session[UP_LIVE_ID + 1];
	bool contested;
	enum up_err err;

	live_id(n, id);
	snprintf(session, sizeof(session), "session-%014u", n);
	err = up_live_redeem_commit(l, id, session, now_ms, &contested);
	LIVE_CHECK(err == UP_OK || (err == UP_E_STATE && !contested));
	return contested;
}

static inline bool
live_redeem_undo(struct up_live *l, unsigned n, int64_t now_ms)
{
	char id[UP_LIVE_ID + 1];
	bool contested;

	live_id(n, id);
	LIVE_CHECK(up_live_redeem_undo(l, id, now_ms, &contested) == UP_OK);
	return contested;
}

/* What the page of N is told; UP_LOGIN_STATES: unknown. */
static inline enum up_login_state
live_told(struct up_live *l, unsigned n, int64_t now_ms, int64_t *left_ms)
{
	const struct up_login_info *info;
	enum up_login_state state;
	uint8_t key[UP_LIVE_KEY];
	int64_t left;
	enum up_err err;

	live_key(n, 'w', key);
	err = up_live_watch_peek(l, key, now_ms, &info, &state, &left);
	up_live_info_unref(&info);
	if (left_ms != NULL)
		*left_ms = left;
	return err == UP_OK ? state : UP_LOGIN_STATES;
}

/* Through to a state: N begins at NOW; device 7 scans, role 9 is approved. */
static inline void
live_bring(struct up_live *l, unsigned n, enum up_login_state to, int64_t now_ms)
{
	int64_t deadline;

	CU_ASSERT_EQUAL(live_begin(l, n, now_ms), UP_OK);
	if (to == UP_LOGIN_PENDING)
		return;
	CU_ASSERT_EQUAL(live_scan(l, n, 7, now_ms, &deadline), UP_OK);
	if (to == UP_LOGIN_SCANNED)
		return;
	CU_ASSERT_EQUAL(live_decide(l, n, 7, now_ms), UP_OK);
	if (to == UP_LOGIN_DECIDING)
		return;
	CU_ASSERT_EQUAL(live_approve(l, n, 9, now_ms), UP_OK);
	if (to == UP_LOGIN_APPROVED)
		return;
	CU_ASSERT_EQUAL(live_redeem(l, n, now_ms, NULL), UP_OK);
	if (to == UP_LOGIN_REDEEMED)
		CU_ASSERT_FALSE(live_commit(l, n, now_ms));
}

#endif
