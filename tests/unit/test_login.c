/* SPDX-License-Identifier: Apache-2.0 */
#include "core/login.h"
#include "core/span.h"
#include "unit.h"

#define NO UP_LOGIN_STATES               /* refused */
#define PEN UP_LOGIN_PENDING
#define SCA UP_LOGIN_SCANNED
#define DEC UP_LOGIN_DECIDING
#define RET UP_LOGIN_RETURNING
#define APP UP_LOGIN_APPROVED
#define RNG UP_LOGIN_REDEEMING
#define RED UP_LOGIN_REDEEMED
#define DEN UP_LOGIN_DENIED
#define EXP UP_LOGIN_EXPIRED
#define REV UP_LOGIN_REVOKED
#define CON UP_LOGIN_CONTESTED

/* Written out whole and apart from the table under test: what every event does in every state. */
static const enum up_login_state expected[UP_LOGIN_STATES][UP_LOGIN_EVENTS] = {
	/*      scan decide appr a_code right wrong deny undo redeem commit expire supersede give_up
	 */
	/* PEN */ { SCA, NO, NO, NO, NO, NO, NO, NO, NO, NO, EXP, EXP, NO },
	/* SCA */ { NO, DEC, NO, NO, NO, NO, NO, NO, NO, NO, EXP, EXP, NO },
	/* DEC */ { NO, NO, APP, RET, NO, NO, DEN, SCA, NO, NO, NO, NO, EXP },
	/* RET */ { NO, NO, NO, NO, APP, DEN, NO, NO, NO, NO, EXP, EXP, NO },
	/* APP */ { NO, NO, NO, NO, NO, NO, NO, NO, RNG, NO, EXP, NO, EXP },
	/* RNG */ { NO, NO, NO, NO, NO, NO, NO, APP, CON, RED, NO, NO, EXP },
	/* RED */ { NO, NO, NO, NO, NO, NO, NO, NO, REV, NO, NO, NO, NO },
	/* DEN */ { NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO },
	/* EXP */ { NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO },
	/* REV */ { NO, NO, NO, NO, NO, NO, NO, RED, NO, NO, NO, NO, NO },
	/* CON */ { NO, NO, NO, NO, NO, NO, NO, EXP, NO, REV, NO, NO, EXP },
};

static void test_every_step(void)
{
	for (unsigned s = 0; s < UP_LOGIN_STATES; s++) {
		for (unsigned ev = 0; ev < UP_LOGIN_EVENTS; ev++) {
			enum up_login_state state = s, want = expected[s][ev];
			enum up_err err = up_login_step(&state, ev);

			CU_ASSERT_EQUAL(err, want == NO ? UP_E_STATE : UP_OK);
			CU_ASSERT_EQUAL(state, want == NO ? s : want);
		}
	}
}

static void test_out_of_range(void)
{
	enum up_login_state state = UP_LOGIN_STATES;

	CU_ASSERT_EQUAL(up_login_step(&state, UP_LOGIN_SCAN), UP_E_STATE);
	CU_ASSERT_EQUAL(state, UP_LOGIN_STATES);
	state = PEN;
	CU_ASSERT_EQUAL(up_login_step(&state, UP_LOGIN_EVENTS), UP_E_STATE);
	CU_ASSERT_EQUAL(state, PEN);
	CU_ASSERT_STRING_EQUAL(up_login_state_name(UP_LOGIN_STATES), "unknown");
	CU_ASSERT_STRING_EQUAL(up_login_event_name(UP_LOGIN_EVENTS), "unknown");
	CU_ASSERT_STRING_EQUAL(up_login_state_public(UP_LOGIN_STATES), "expired");
}

/* No way but through deciding leads to approved, and none but through redeeming to redeemed. */
static void test_only_ways_in(void)
{
	for (unsigned s = 0; s < UP_LOGIN_STATES; s++) {
		for (unsigned ev = 0; ev < UP_LOGIN_EVENTS; ev++) {
			enum up_login_state state = s;

			if (up_login_step(&state, ev) != UP_OK)
				continue;
			if (state == APP)
				CU_ASSERT((s == DEC && ev == UP_LOGIN_APPROVE) ||
				    (s == RET && ev == UP_LOGIN_CODE_RIGHT) ||
				    (s == RNG && ev == UP_LOGIN_UNDO));
			if (state == RED)
				CU_ASSERT((s == RNG && ev == UP_LOGIN_COMMIT) ||
					  (s == REV && ev == UP_LOGIN_UNDO));
			CU_ASSERT_NOT_EQUAL(state, s);
		}
	}
}

static void test_names(void)
{
	static const char *const names[UP_LOGIN_STATES] = {
		"pending", "scanned", "deciding", "returning", "approved", "redeeming", "redeemed",
		"denied", "expired", "revoked",
		"contested",
	};
	static const char *const public[UP_LOGIN_STATES] = {
		"pending", "scanned", "scanned", "scanned", "approved", "approved", "approved",
		"denied", "expired", "expired",
		"approved",
	};
	static const char *const events[UP_LOGIN_EVENTS] = {
		"scan", "decide", "approve", "approve_code", "code_right", "code_wrong_last",
		"deny", "undo", "redeem", "commit", "expire", "supersede",
		"give_up",
	};

	for (unsigned i = 0; i < UP_LOGIN_STATES; i++) {
		CU_ASSERT_STRING_EQUAL(up_login_state_name(i), names[i]);
		CU_ASSERT_STRING_EQUAL(up_login_state_public(i), public[i]);
	}
	for (unsigned i = 0; i < UP_LOGIN_EVENTS; i++)
		CU_ASSERT_STRING_EQUAL(up_login_event_name(i), events[i]);
}

UP_SUITE("login", test_every_step, test_out_of_range, test_only_ways_in, test_names)
