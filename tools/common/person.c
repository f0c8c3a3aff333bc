/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/common/person.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/person.h"
#include "tools/common/file.h"

#define FILE_MAX 4096

enum up_err up_person_data_read(const char *path, struct up_person_data *out, char why[256])
{
	static const char *const members[] = { "name", "resident_id", "mobile", NULL };
	struct up_span name, resident, mobile;
	struct up_buf text;
	json_t *o = NULL;
	enum up_err err;

	memset(out, 0, sizeof(*out));
	err = up_file_read(path, FILE_MAX, true, &text, why);
	if (err != UP_OK)
		return err;
	err = up_json_parse(up_buf_span(&text), &o);
	if (err == UP_OK)
		err = up_json_only(o, members);
	if (err == UP_OK)
		err = up_json_text(o, "name", 128, &name);
	if (err == UP_OK)
		err = up_json_text(o, "resident_id", UP_RESIDENT_LEN, &resident);
	if (err == UP_OK)
		err = up_json_text(o, "mobile", 24, &mobile);
	if (err == UP_OK) {
		out->name = up_span_dup(name);
		out->resident = up_span_dup(resident);
		out->mobile = up_span_dup(mobile);
		err = out->name != NULL && out->resident != NULL && out->mobile != NULL ? UP_OK : UP_E_NOMEM;
	}
	if (err != UP_OK)
		snprintf(why, 256, "%.120s: want {\"name\": ..., \"resident_id\": ..., \"mobile\": ...}", strcmp(path, "-") == 0 ? "standard input" : path);
	json_decref(o);
	up_buf_free(&text);
	return err;
}

enum up_err up_person_data_set(const char *name, const char *resident, const char *mobile, struct up_person_data *out)
{
	*out = (struct up_person_data){ strdup(name), strdup(resident), strdup(mobile) };
	return out->name != NULL && out->resident != NULL && out->mobile != NULL ? UP_OK : UP_E_NOMEM;
}

static void wipe(char **s)
{
	if (*s != NULL)
		up_wipe(*s, strlen(*s));
	free(*s);
	*s = NULL;
}

void up_person_data_free(struct up_person_data *p)
{
	wipe(&p->name);
	wipe(&p->resident);
	wipe(&p->mobile);
}

const char *up_person_data_wrong(const struct up_person_data *p, uint32_t today)
{
	char mobile[12];

	if (up_person_check_name(up_span_str(p->name)) != UP_OK)
		return "name";
	if (up_person_check_resident(up_span_str(p->resident), today) != UP_OK)
		return "resident_id";
	if (up_person_parse_mobile(up_span_str(p->mobile), mobile) != UP_OK)
		return "mobile";
	up_wipe(mobile, sizeof(mobile));
	return NULL;
}
