/* SPDX-License-Identifier: Apache-2.0
 * The clock beside the records: what it showed last,
 * and an administrator's word that it is right. */
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/enrolment.h"
#include "core/json.h"
#include "core/json_put.h"
#include "server/store/act.h"
#include "server/store/usage.h"

#define ACCEPT "clock.accept"

struct shown { int64_t ms; bool accepted; };

static int take(void *arg, int64_t seq, struct up_span canonical)
{
	struct shown *s = arg;
	json_t *record;
	const char *event;

	(void)seq;
	if (up_json_parse(canonical, &record) != UP_OK)
		return 1;
	event = json_string_value(json_object_get(record, "event"));
	s->ms = json_integer_value(json_object_get(record, "clock_ms"));
	if (s->ms == 0)
		s->ms = json_integer_value(json_object_get(record, "time_ms"));
	s->accepted = event != NULL && strcmp(event, ACCEPT) == 0;
	json_decref(record);
	return 1;
}

enum up_err up_act_ask_clock(struct up_act *a)
{
	struct shown shown = { 0, false };
	struct up_db_rows *rows;
	bool row;
	enum up_err err = up_db_first(a->tx->db, UP_SQL_USAGE_NEWEST, NULL, 0, &rows, &row);

	if (err == UP_OK && row)
		take(&shown, 0, up_db_column(rows, 0));
	up_db_end(&rows);
	up_act_judge(a, a->op->now_ms >= shown.ms - UP_CLOCK_BACK_MS, UP_E_CLOCK);
	return err;
}

enum up_err up_store_clock(struct up_store *s, int64_t *shown_ms, bool *accepted)
{
	const struct up_usage_filter newest = { .limit = 1 };
	struct shown shown = { 0, false };
	enum up_err err = up_store_usage(s, &newest, take, &shown);

	*shown_ms = shown.ms;
	*accepted = shown.accepted;
	return err;
}

static struct up_span time_word(struct up_act *a, int64_t ms)
{
	struct up_buf *b = up_act_buffer(a);
	struct up_json_put j = { .b = b };

	up_json_put_object(&j, NULL);
	up_json_put_int(&j, "time_ms", ms);
	up_json_put_end(&j);
	return up_buf_span(b);
}

enum up_err up_act_clock(struct up_act *a)
{
	struct up_op_clock *accept = (void *)a->op;
	const struct up_db_arg latest = up_db_int(a->op->now_ms + UP_ENROLMENT_LIFE_MS);

	accept->newest_ms = a->tx->last_ms;
	a->record.before = time_word(a, accept->newest_ms);
	a->record.after = time_word(a, a->op->now_ms);
	return up_db_run(a->tx->db, UP_SQL_ENROLMENT_TOO_LONG, &latest, 1, NULL);
}
