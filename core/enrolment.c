/* SPDX-License-Identifier: Apache-2.0 */
#include "core/enrolment.h"

#include <stddef.h>

enum up_err up_enrolment_judge(const struct up_enrolment_code *code, bool named, int64_t now_ms)
{
	const struct up_authority_ask ask = { .use = UP_USE_TAKE, .now_s = now_ms / 1000 };
	struct up_authority_answer answer;

	if (code == NULL || !code->open || code->mismatches >= UP_ENROLMENT_MISMATCHES)
		return UP_E_CODE;
	if (now_ms >= code->expires_ms || up_authority_may(&ask, &code->edge, &answer) != UP_OK)
		return UP_E_CODE;
	return named ? UP_OK : UP_E_PERSON;
}

enum up_enrolment_place up_enrolment_place(enum up_authority_state state, bool same)
{
	if (state != UP_EDGE_WAITING && state != UP_EDGE_LIVE)
		return UP_PLACE_FREE;
	if (same)
		return UP_PLACE_HERS;
	return state == UP_EDGE_LIVE ? UP_PLACE_TAKEN : UP_PLACE_GIVES_WAY;
}

enum up_err up_enrolment_add(const struct up_enrolment_adding *x, int64_t *same)
{
	*same = 0;
	if (x->role != UP_ROLE_MANAGER && x->role != UP_ROLE_USER)
		return UP_E_ROLE;
	for (size_t i = 0; i < x->n_hers; i++) {
		const struct up_authority_edge *one = &x->hers[i];

		if (one->state != UP_EDGE_WAITING && one->state != UP_EDGE_LIVE)
			continue;
		if (one->role != x->role) {
			*same = 0;
			return UP_E_OTHER_ROLE;
		}
		if (one->grantor == x->grantor)
			*same = one->id;
	}
	if (*same != 0 || x->role == UP_ROLE_USER)
		return UP_OK;
	return x->managers < UP_MANAGERS_MAX ? UP_OK : UP_E_MANAGERS;
}
