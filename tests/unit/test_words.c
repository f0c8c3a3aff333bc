/* SPDX-License-Identifier: Apache-2.0
 * Records in words: whatever event there is, people read what it was. */
#include "core/record.h"
#include "tools/common/terminal.h"
#include "tools/common/usage.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static char *shown(const char *lang, const char *event)
{
	json_t *record = json_pack("{s:s, s:I}", "event", event, "seq", (json_int_t)1);
	struct up_usage_table *t;
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	up_terminal_setup(lang);
	t = up_usage_table_new();
	CU_ASSERT_FATAL(t != NULL && f != NULL && record != NULL);
	up_usage_table_put_json(t, record);
	CU_ASSERT_EQUAL(up_usage_table_print(t, f), UP_OK);
	fclose(f);
	up_usage_table_free(&t);
	json_decref(record);
	return text;
}

static bool is_chinese(const char *text)
{
	return strstr(text, "\xe4") != NULL || strstr(text, "\xe5") != NULL ||
	    strstr(text, "\xe6") != NULL || strstr(text, "\xe7") != NULL;
}

static void test_every_event(void)
{
	size_t n = 0;

	for (const char *event; (event = up_record_event(n)) != NULL; n++) {
		char *en = shown("en", event), *zh = shown("zh", event);

		UP_CHECK(up_usage_event_known(up_span_str(event)), event);
		UP_CHECK(strstr(en, event) == NULL && !is_chinese(en), event);
		UP_CHECK(strstr(zh, event) == NULL && is_chinese(strchr(zh, '\n')), event);
		free(en);
		free(zh);
	}
	CU_ASSERT_TRUE(n > 30);
}

/* Whoever asks for one that never was is told: all that have words are events. */
static void test_no_other(void)
{
	struct up_buf all = { 0 };
	char *rest, *name;

	up_usage_put_events(&all);
	for (name = strtok_r((char *)all.p, " ", &rest); name != NULL;
	     name = strtok_r(NULL, " ", &rest))
		UP_CHECK(up_record_kind(up_span_str(name)) != UP_RECORD_UNKNOWN, name);
	up_buf_free(&all);
}

UP_SUITE("words", test_every_event, test_no_other)
