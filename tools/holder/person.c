/* SPDX-License-Identifier: Apache-2.0
 * A person's data: from a file, from options, or asked. */
#include <config.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/day.h"
#include "tools/common/person.h"
#include "tools/common/terminal.h"
#include "tools/holder/holder.h"

#define ANSWER_MAX 256

/* OUT is wiped by the caller. */
static bool ask_one(const char *question, const char *given, char out[ANSWER_MAX])
{
	if (given != NULL)
		return snprintf(out, ANSWER_MAX, "%s", given) < ANSWER_MAX;
	return up_terminal_there() && up_terminal_ask(question, out, ANSWER_MAX) == UP_OK;
}

static bool ask_person(const struct up_holder_given *g, const char *whose,
    char answers[3][ANSWER_MAX], struct up_person_given *given)
{
	*given = (struct up_person_given){ 0 };
	if (!ask_one(whose, g->name, answers[0]) ||
	    !ask_one(up_say("Resident ID number: ", "身份证号："), g->resident, answers[1]) ||
	    !ask_one(up_say("Mobile number: ", "手机号："), g->mobile, answers[2]))
		return false;
	*given = (struct up_person_given){ up_span_str(answers[0]), up_span_str(answers[1]),
	    up_span_str(answers[2]) };
	return true;
}

int up_holder_person(struct up_holder *h, const struct up_holder_given *g, const char *whose,
    struct up_person *out)
{
	char answers[3][ANSWER_MAX] = { "", "", "" };
	uint32_t today = up_day_number((int64_t)time(NULL));
	struct up_person_problem problem;
	struct up_person_given given;
	enum up_err err;

	if (g->file != NULL) {
		err = up_person_data_read(g->file, today, out, &problem);
	} else if (ask_person(g, whose, answers, &given)) {
		err = up_person_data_take(&given, today, out, &problem);
		up_wipe(answers, sizeof(answers));
	} else {
		up_wipe(answers, sizeof(answers));
		return up_holder_fail(h, UP_COMMAND_USAGE, "person", "%s",
		    up_say("who is it? --person-file FILE, or --name, --resident-id and --mobile",
			"请提供人员信息：--person-file FILE，或 --name、--resident-id 和 --mobile"));
	}
	if (err == UP_OK)
		return 0;
	return up_holder_fail(h,
	    strcmp(problem.code, "person_file") == 0 ? UP_HOLDER_FAILED : UP_COMMAND_USAGE,
	    problem.code, "%s", problem.text);
}
