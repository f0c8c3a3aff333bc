/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/common/person.h"

#include <stdio.h>
#include <string.h>

#include "core/json.h"
#include "tools/common/file.h"
#include "tools/common/terminal.h"

#define FILE_MAX 4096
#define VALUE_MAX 512                    /* bytes of one value, blanks and all */

enum up_err up_person_data_take(const struct up_person_given *given, uint32_t today,
    struct up_person *out,
    struct up_person_problem *problem)
{
	struct up_person_fault fault;
	char text[UP_PERSON_FAULT_TEXT];
	enum up_err err = up_person_take(given, today, out, &fault);

	problem->code = fault.member;
	problem->text[0] = '\0';
	if (err == UP_OK)
		return UP_OK;
	up_person_fault_text(&fault, up_terminal_chinese(), text);
	snprintf(problem->text, sizeof(problem->text), "%s", text);
	return err;
}

static enum up_err take_members(const json_t *o, struct up_person_given *given)
{
	static const char *const members[] = { "name", "resident_id", "mobile", NULL };
	enum up_err err = up_json_only(o, members);

	if (err == UP_OK)
		err = up_json_text(o, "name", VALUE_MAX, &given->name);
	if (err == UP_OK)
		err = up_json_text(o, "resident_id", VALUE_MAX, &given->resident);
	if (err == UP_OK)
		err = up_json_text(o, "mobile", VALUE_MAX, &given->mobile);
	return err;
}

enum up_err up_person_data_read(const char *path, uint32_t today, struct up_person *out,
    struct up_person_problem *problem)
{
	struct up_person_given given;
	struct up_buf text;
	char why[256];
	json_t *o = NULL;
	enum up_err err;

	memset(out, 0, sizeof(*out));
	problem->code = "person_file";
	err = up_file_read_text(path, FILE_MAX, true, &text, why);
	if (err != UP_OK) {
		snprintf(problem->text, sizeof(problem->text), "%s", why);
		return err;
	}
	err = up_json_parse(up_buf_span(&text), &o);
	if (err == UP_OK)
		err = take_members(o, &given);
	if (err == UP_OK)
		err = up_person_data_take(&given, today, out, problem);
	else
		snprintf(problem->text, sizeof(problem->text),
		    up_say("%.120s: want {\"name\": ..., \"resident_id\": ..., \"mobile\": ...}",
		        "%.120s：应为 {\"name\": …, \"resident_id\": …, \"mobile\": …}"),
		    strcmp(path, "-") == 0 ? up_say("standard input", "标准输入") : path);
	json_decref(o);
	up_buf_free(&text);
	return err;
}
