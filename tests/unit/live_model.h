/* SPDX-License-Identifier: Apache-2.0
 * A naive model of live state for test_live_model.c: one array, searched from end to end, with the
 * rules of live.h in plain words. */
#ifndef UP_LIVE_MODEL_H
#define UP_LIVE_MODEL_H

#include "core/login.h"
#include "test_live.h"

#define N 48                             /* different transactions */
#define WATCHERS 12
#define CODES 6                          /* user-code prefixes */
#define LINGER 120000
#define INTERVAL_MAX 60

struct model {
	bool used, unreported, held, given_up;
	enum up_login_state state;
	int64_t due, since, device, role, auth, polled;
	unsigned handle, code, tries, interval, client, browser, watching;
	uint64_t order;                  /* of joining those that wait in its browser */
};

static struct model m[N];
static struct up_live *l;
/* Those that watch; and how often N was told of, and should have been. */
static struct { bool open; unsigned n; } watchers[WATCHERS];
static unsigned wakes[N], expected[N];
static size_t room;
static int64_t now;
static uint64_t seed, order;
static unsigned failures, reports, held_reports, given_up, steps[UP_LOGIN_STATES];

static unsigned
draw(unsigned n)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(seed >> 33) % n;
}

static void
expect(bool ok, const char *what, unsigned n)
{
	if (!ok && failures++ < 10)
		printf("differs: %s %u\n", what, n);
}

static void
on_wake(const char *id)
{
	unsigned n = N;

	sscanf(id, "transaction-%u", &n);
	expect(n < N, "woken", n);
	wakes[n % N]++;
}

/* --- the model --- */

static bool
is_timed(const struct model *t)
{
	return t->state == UP_LOGIN_PENDING || t->state == UP_LOGIN_SCANNED ||
	    t->state == UP_LOGIN_APPROVED;
}

static bool
is_held(const struct model *t)
{
	return t->state == UP_LOGIN_DECIDING || t->state == UP_LOGIN_REDEEMING ||
	    t->state == UP_LOGIN_CONTESTED;
}

static bool
is_waiting(const struct model *t)
{
	return t->used && (t->state == UP_LOGIN_PENDING || t->state == UP_LOGIN_SCANNED);
}

static bool
is_finished(const struct model *t)
{
	return t->state == UP_LOGIN_DENIED || t->state == UP_LOGIN_EXPIRED ||
	    t->state == UP_LOGIN_REDEEMED || t->state == UP_LOGIN_REVOKED;
}

static void
wake(unsigned n)
{
	bool watched = false;

	for (int i = 0; i < WATCHERS; i++)
		watched = watched || (watchers[i].open && watchers[i].n == n);
	expected[n] += watched;
}

static void
set(unsigned n, enum up_login_state state)
{
	struct model *t = &m[n];
	bool was_finished = is_finished(t);

	t->state = state;
	steps[state]++;
	wake(n);
	if (!is_finished(t) || was_finished)
		return;
	t->due = t->since + UP_LIVE_PENDING_MS > now + LINGER ? t->since + UP_LIVE_PENDING_MS
							      : now + LINGER;
	t->since = now;
	t->unreported = state == UP_LOGIN_EXPIRED && t->device != 0 && !t->given_up;
}

static void
lapse(unsigned n)
{
	bool held = is_held(&m[n]);

	if (!m[n].used || now < m[n].due + (held ? UP_LIVE_HELD_MS : 0))
		return;
	if (held || is_timed(&m[n])) {
		m[n].held = held;
		set(n, UP_LOGIN_EXPIRED);
	}
}

static void
forget(unsigned n)
{
	wake(n);
	for (int i = 0; i < WATCHERS; i++)
		watchers[i].open = watchers[i].open && watchers[i].n != n;
	m[n].used = false;
}

static void
sweep(void)
{
	for (unsigned n = 0; n < N; n++) {
		if (!m[n].used)
			continue;
		lapse(n);
		if (is_finished(&m[n]) && !m[n].unreported && now >= m[n].due)
			forget(n);
	}
}

static size_t
used(void)
{
	size_t k = 0;

	for (unsigned n = 0; n < N; n++)
		k += m[n].used;
	return k;
}

static bool
gone(unsigned n)
{
	return live_told(l, n, now, NULL) == UP_LOGIN_STATES;
}

/* One of those that ended first is dropped; among equals the implementation may choose, but BEGUN
 * anew is one that was. False: none. */
static bool
make_room(unsigned begun)
{
	int64_t first = INT64_MAX;

	for (unsigned n = 0; n < N; n++) {
		if (m[n].used && is_finished(&m[n]) && !m[n].unreported && m[n].since < first)
			first = m[n].since;
	}
	if (first == INT64_MAX)
		return false;
	for (unsigned n = 0; n < N; n++) {
		if (m[n].used && is_finished(&m[n]) && !m[n].unreported && m[n].since == first &&
		    (n == begun || gone(n))) {
			forget(n);
			return true;
		}
	}
	expect(false, "the oldest should be gone", 0);
	return true;
}

static unsigned
by_handle(unsigned handle)
{
	for (unsigned n = 0; n < N; n++) {
		if (m[n].used && m[n].state == UP_LOGIN_PENDING && m[n].handle == handle)
			return n;
	}
	return N;
}

static unsigned
by_code(unsigned code)
{
	for (unsigned n = 0; n < N && code != 0; n++) {
		if (m[n].used && m[n].state == UP_LOGIN_PENDING && m[n].code == code)
			return n;
	}
	return N;
}

static unsigned
peers(unsigned n, unsigned *oldest)
{
	unsigned k = 0;

	*oldest = N;
	for (unsigned i = 0; i < N; i++) {
		if (!is_waiting(&m[i]) || m[i].client != m[n].client ||
		    m[i].browser != m[n].browser)
			continue;
		k++;
		if (*oldest == N || m[i].order < m[*oldest].order)
			*oldest = i;
	}
	return k;
}

static void
limit(unsigned n)
{
	unsigned oldest;

	if (m[n].browser == 0 || peers(n, &oldest) <= UP_LIVE_PER_BROWSER)
		return;
	for (unsigned i = 0; i < N; i++) {
		if (is_waiting(&m[i]) && m[i].client == m[n].client && m[i].browser == m[n].browser)
			lapse(i);
	}
	while (peers(n, &oldest) > UP_LIVE_PER_BROWSER)
		set(oldest, UP_LOGIN_EXPIRED);
}

#endif
