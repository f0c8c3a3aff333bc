/* SPDX-License-Identifier: Apache-2.0
 * Scan, decision and redemption of transactions in memory. */
#include <string.h>

#include "server/live/memory.h"

#define FRAME_SIZE sizeof(((struct up_slot *)NULL)->frame)

static uint32_t enter_id(struct up_memory *l, const char *id, int64_t now_ms)
{
	return up_memory_enter(l, up_memory_id(id), now_ms);
}

/* --- scan --- */

enum up_err up_memory_peek(struct up_live *live, const uint8_t handle[UP_LIVE_KEY],
    int64_t now_ms, const struct up_login_info **out)
{
	struct up_memory *l = up_memory_of(live);
	uint32_t i = up_memory_enter(l, up_memory_key(UP_BY_HANDLE, handle), now_ms);
	const struct up_slot *s;

	if (i == 0)
		return UP_E_CODE;
	s = up_memory_slot(l, i);
	if (s->state == UP_LOGIN_PENDING)
		*out = up_info_ref(s->info);
	up_memory_leave(l, i);
	return *out != NULL ? UP_OK : UP_E_CODE;
}

/* One try of the second half. */
static bool ending_is_right(struct up_memory *l, uint32_t i, const char *ending, int64_t now_ms)
{
	struct up_slot *s = up_memory_slot(l, i);

	if (s->state != UP_LOGIN_PENDING)
		return false;
	if (up_span_eq_ct(up_span_of(s->code + 4, 4), up_span_of(ending, 4)))
		return true;
	if (++s->tries >= UP_LIVE_CODE_TRIES)
		up_slot_step(l, i, UP_LOGIN_EXPIRE, now_ms);
	return false;
}

enum up_err up_memory_peek_user_code(struct up_live *live, const char code[9], int64_t now_ms,
    uint8_t handle[UP_LIVE_KEY], const struct up_login_info **out)
{
	struct up_memory *l = up_memory_of(live);
	uint32_t i;

	if (strnlen(code, 9) != 8)
		return UP_E_CODE;
	i = up_memory_enter(
	    l, (struct up_index_key) { UP_BY_CODE, up_span_of(code, 4), { NULL, 0 } }, now_ms);
	if (i == 0)
		return UP_E_CODE;
	if (ending_is_right(l, i, code + 4, now_ms)) {
		const struct up_slot *s = up_memory_slot(l, i);

		memcpy(handle, s->key[UP_BY_HANDLE], UP_LIVE_KEY);
		*out = up_info_ref(s->info);
	}
	up_memory_leave(l, i);
	return *out != NULL ? UP_OK : UP_E_CODE;
}

enum up_err up_memory_scan(struct up_live *live, const uint8_t handle[UP_LIVE_KEY],
    int64_t device, const char *frame, int64_t now_ms, int64_t *deadline_ms)
{
	struct up_memory *l = up_memory_of(live);
	size_t n = strnlen(frame, FRAME_SIZE);
	struct up_slot *s;
	uint32_t i;

	if (device <= 0 || n == FRAME_SIZE)
		return UP_E_CODE;
	if ((i = up_memory_enter(l, up_memory_key(UP_BY_HANDLE, handle), now_ms)) == 0)
		return UP_E_CODE;
	s = up_memory_slot(l, i);
	if (!up_slot_step(l, i, UP_LOGIN_SCAN, now_ms)) {
		up_memory_leave(l, i);
		return UP_E_CODE;
	}
	s->device = device;
	memcpy(s->frame, frame, n + 1);
	*deadline_ms = s->wheel.due_ms;
	up_memory_leave(l, i);
	return UP_OK;
}

/* --- decision --- */

enum up_err up_memory_decide(struct up_live *live, const char *id, int64_t device,
    int64_t now_ms, const struct up_login_info **out, char frame[16], int64_t *deadline_ms)
{
	struct up_memory *l = up_memory_of(live);
	uint32_t i = enter_id(l, id, now_ms);
	enum up_err err = UP_E_CODE;
	struct up_slot *s;

	if (i == 0)
		return UP_E_CODE;
	s = up_memory_slot(l, i);
	if (device > 0 && s->device == device && s->state != UP_LOGIN_EXPIRED)
		err = up_slot_step(l, i, UP_LOGIN_DECIDE, now_ms) ? UP_OK : UP_E_STATE;
	if (err == UP_OK) {
		*out = up_info_ref(s->info);
		*deadline_ms = up_slot_deadline(s);
		memcpy(frame, s->frame, FRAME_SIZE);
	}
	up_memory_leave(l, i);
	return err;
}

enum up_err up_memory_decide_approve(
    struct up_live *live, const char *id, const struct up_live_approval *approval, int64_t now_ms)
{
	struct up_memory *l = up_memory_of(live);
	uint32_t i = enter_id(l, id, now_ms);
	struct up_slot *s;
	bool done;

	if (i == 0)
		return UP_E_STATE;
	done = up_slot_step(l, i, UP_LOGIN_APPROVE, now_ms);
	if (done) {
		s = up_memory_slot(l, i);
		s->role = approval->role;
		s->grant = approval->grant;
		s->auth_ms = approval->auth_ms;
	}
	up_memory_leave(l, i);
	return done ? UP_OK : UP_E_STATE;
}

/* True: there is such a step from where it was. */
static bool step_id(struct up_memory *l, const char *id, enum up_login_event event, int64_t now_ms)
{
	uint32_t i = enter_id(l, id, now_ms);
	bool done;

	if (i == 0)
		return false;
	done = up_slot_step(l, i, event, now_ms);
	up_memory_leave(l, i);
	return done;
}

enum up_err up_memory_decide_deny(struct up_live *live, const char *id, int64_t now_ms)
{
	return step_id(up_memory_of(live), id, UP_LOGIN_DENY, now_ms) ? UP_OK : UP_E_STATE;
}

/* FROM or CONTESTED goes back; true: it was CONTESTED. An undone step may come back after its
 * deadline: then it lapses here. */
static bool undo(struct up_live *live, const char *id, enum up_login_state from,
    enum up_login_state contested, int64_t now_ms)
{
	struct up_memory *l = up_memory_of(live);
	uint32_t i = enter_id(l, id, now_ms);
	enum up_login_state was;

	if (i == 0)
		return false;
	was = up_memory_slot(l, i)->state;
	if (was == from || was == contested)
		up_slot_step(l, i, UP_LOGIN_UNDO, now_ms);
	up_slot_lapse(l, i, now_ms);
	up_memory_leave(l, i);
	return was == contested;
}

enum up_err up_memory_decide_undo(struct up_live *live, const char *id, int64_t now_ms)
{
	undo(live, id, UP_LOGIN_DECIDING, UP_LOGIN_STATES, now_ms);
	return UP_OK;
}

enum up_err up_memory_give_up(struct up_live *live, const char *id, int64_t now_ms)
{
	struct up_memory *l = up_memory_of(live);
	uint32_t i = enter_id(l, id, now_ms);
	enum up_login_state was;
	struct up_slot *s;

	if (i == 0)
		return UP_OK;
	s = up_memory_slot(l, i);
	was = s->state;
	s->given_up = true;
	if (!up_slot_step(l, i, UP_LOGIN_GIVE_UP, now_ms))
		s->given_up = false;
	up_memory_leave(l, i);
	return was == UP_LOGIN_REDEEMED || was == UP_LOGIN_REVOKED ? UP_E_STATE : UP_OK;
}

enum up_err up_memory_known(struct up_live *live, const char *id, int64_t now_ms,
    const struct up_login_info **out, int64_t *device)
{
	struct up_memory *l = up_memory_of(live);
	uint32_t i = enter_id(l, id, now_ms);

	if (i == 0)
		return UP_E_NOT_FOUND;
	*device = up_memory_slot(l, i)->device;
	*out = up_info_ref(up_memory_slot(l, i)->info);
	up_memory_leave(l, i);
	return UP_OK;
}

enum up_err up_memory_call(struct up_live *live, const char *id, int64_t now_ms, unsigned *calls)
{
	struct up_memory *l = up_memory_of(live);
	uint32_t i = enter_id(l, id, now_ms);

	if (i == 0)
		return UP_OK;
	if (up_memory_slot(l, i)->calls < UP_LIVE_CALLS_MAX)
		*calls = ++up_memory_slot(l, i)->calls;
	up_memory_leave(l, i);
	return UP_OK;
}

enum up_err up_memory_end(struct up_live *live, const char *id, int64_t now_ms)
{
	step_id(up_memory_of(live), id, UP_LOGIN_EXPIRE, now_ms);
	return UP_OK;
}

/* --- redemption --- */

/* RFC 8628 section 3.5: one that comes early waits five seconds more from now on. */
static enum up_err poll(struct up_slot *s, int64_t now_ms)
{
	bool early = s->polled && now_ms >= s->polled_ms &&
	    now_ms - s->polled_ms < s->interval_s * INT64_C(1000);

	s->polled = true;
	s->polled_ms = now_ms;
	if (!early)
		return UP_E_PENDING;
	if (s->interval_s < UP_MEMORY_INTERVAL_MAX_S)
		s->interval_s += UP_LIVE_INTERVAL_S;
	return UP_E_SLOW_DOWN;
}

static enum up_err take(
    struct up_memory *l, uint32_t i, int64_t now_ms, struct up_live_redeemed *out)
{
	struct up_slot *s = up_memory_slot(l, i);
	enum up_login_state was = s->state;
	bool replayed_before = was == UP_LOGIN_CONTESTED || was == UP_LOGIN_REVOKED;

	if (!replayed_before && !up_slot_step(l, i, UP_LOGIN_REDEEM, now_ms))
		return UP_E_GRANT;
	out->info = up_info_ref(s->info);
	out->device = s->device;
	out->role = s->role;
	out->grant = s->grant;
	out->auth_ms = s->auth_ms;
	if (was == UP_LOGIN_APPROVED)
		return UP_OK;
	memcpy(out->session, s->session, sizeof(s->session));
	out->record_end = was == UP_LOGIN_REDEEMED;
	return UP_E_REPLAY;
}

enum up_err up_memory_redeem(struct up_live *live, const uint8_t device_code[UP_LIVE_KEY],
    struct up_span client, int64_t now_ms, struct up_live_redeemed *out)
{
	struct up_memory *l = up_memory_of(live);
	uint32_t i = up_memory_enter(l, up_memory_key(UP_BY_DEVICE, device_code), now_ms);
	enum up_err err = UP_E_GRANT;
	struct up_slot *s;

	if (i == 0)
		return UP_E_GRANT;
	s = up_memory_slot(l, i);
	if (up_span_eq(s->info->client, client)) {
		switch ((enum up_login_state)s->state) {
		case UP_LOGIN_PENDING:
		case UP_LOGIN_SCANNED:
		case UP_LOGIN_DECIDING:
		case UP_LOGIN_RETURNING: err = poll(s, now_ms); break;
		case UP_LOGIN_DENIED:
			err = UP_E_DENIED;
			break;
		case UP_LOGIN_EXPIRED:
			err = UP_E_EXPIRED;
			break;
		default:
			err = take(l, i, now_ms, out);
		}
	}
	up_memory_leave(l, i);
	return err;
}

enum up_err up_memory_redeem_commit(struct up_live *live, const char *id, const char *session,
    int64_t now_ms, bool *contested)
{
	struct up_memory *l = up_memory_of(live);
	uint32_t i = enter_id(l, id, now_ms);
	struct up_slot *s;
	bool done;

	if (i == 0)
		return UP_E_STATE;
	s = up_memory_slot(l, i);
	*contested = s->state == UP_LOGIN_CONTESTED;
	done = up_slot_step(l, i, UP_LOGIN_COMMIT, now_ms);
	if (done)
		memcpy(s->session, session, strnlen(session, sizeof(s->session)));
	up_memory_leave(l, i);
	return done ? UP_OK : UP_E_STATE;
}

enum up_err up_memory_redeem_undo(
    struct up_live *live, const char *id, int64_t now_ms, bool *contested)
{
	*contested = undo(live, id, UP_LOGIN_REDEEMING, UP_LOGIN_CONTESTED, now_ms);
	return UP_OK;
}

enum up_err up_memory_replay_undo(struct up_live *live, const char *id, int64_t now_ms)
{
	undo(live, id, UP_LOGIN_REVOKED, UP_LOGIN_STATES, now_ms);
	return UP_OK;
}
