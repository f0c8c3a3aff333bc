/* SPDX-License-Identifier: Apache-2.0
 * The clock beside the records: what it showed last,
 * and an administrator's word that it is right. */
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/enrolment.h"
#include "core/json.h"
#include "server/store/change.h"
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

enum up_err up_change_clock(struct up_tx *tx, int64_t now_ms)
{
	struct shown shown = { 0, false };
	struct up_db_rows *rows;
	bool row;
	enum up_err err = up_db_first(tx->db, UP_SQL_USAGE_NEWEST, NULL, 0, &rows, &row);

	if (err == UP_OK && row)
		take(&shown, 0, up_db_column(rows, 0));
	up_db_end(&rows);
	return err != UP_OK ? err : now_ms < shown.ms - UP_CLOCK_BACK_MS ? UP_E_CLOCK : UP_OK;
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

struct accept { int64_t now_ms, newest_ms; };

static void put_time(struct up_buf *b, int64_t ms)
{
	struct up_json_put j = { .b = b };

	up_json_put_object(&j, NULL);
	up_json_put_int(&j, "time_ms", ms);
	up_json_put_end(&j);
}

static enum up_err accept(struct up_tx *tx, void *arg)
{
	struct accept *a = arg;
	const struct up_db_arg latest = up_db_int(a->now_ms + UP_ENROLMENT_LIFE_MS);
	struct up_buf before = { 0 }, after = { 0 };
	char id[UP_STORE_REF + 1];
	struct up_record r = {.time_ms = a->now_ms,
	    .event = UP_SPAN_LIT(ACCEPT),
	    .result = UP_SPAN_LIT("ok"),
	    .channel = UP_SPAN_LIT("command-line"),
	    .operator_ = up_span_str(tx->administrator)};
	uint8_t leaf[32];
	enum up_err err = up_tx_draw(id);

	a->newest_ms = tx->last_ms;
	put_time(&before, a->newest_ms);
	put_time(&after, a->now_ms);
	r.id = up_span_str(id);
	r.before = up_buf_span(&before);
	r.after = up_buf_span(&after);
	if (err == UP_OK)
		err = before.failed || after.failed ? UP_E_NOMEM : UP_OK;
	if (err == UP_OK)
		err = up_db_run(tx->db, UP_SQL_ENROLMENT_TOO_LONG, &latest, 1, NULL);
	if (err == UP_OK)
		err = up_usage_add(tx, &r, leaf);
	up_buf_free(&before);
	up_buf_free(&after);
	return err;
}

enum up_err up_store_clock_accept(struct up_store *s, int64_t now_ms, int64_t *newest_ms)
{
	struct accept a = { .now_ms = now_ms };
	enum up_err err = up_tx_write(s, accept, &a);

	*newest_ms = a.newest_ms;
	return err;
}
