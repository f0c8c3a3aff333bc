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
