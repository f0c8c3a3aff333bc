/* SPDX-License-Identifier: Apache-2.0
 * Usage records as a table for people; unitpassctl and the phone show the same. */
#ifndef UP_USAGE_TABLE_H
#define UP_USAGE_TABLE_H

#include <jansson.h>
#include <stdio.h>

#include "core/span.h"
#include "tools/common/command.h"

/* Is it an event, a reason of a refusal, that records name? */
bool up_usage_event_known(struct up_span);
bool up_usage_reason_known(struct up_span);
/* In words, in the person's language; NULL: it has none. */
const char *up_usage_reason_word(struct up_span);
/* All of them, space-separated, for who asked for another. */
void up_usage_put_events(struct up_buf *);
void up_usage_put_reasons(struct up_buf *);

/* The options that page through records. A command's keys are its options' places, from 1. */
#define UP_USAGE_PAGE_OPTIONS(from, to, before) \
	{"from", from, "DAY", 0, UP_WORDS("from this day on, YYYY-MM-DD (Asia/Shanghai)", \
	    "自此日起，YYYY-MM-DD（北京时间）"), 0}, \
	{"to", to, "DAY", 0, UP_WORDS("to this day, inclusive", "至此日，含当日"), 0}, \
	{"before", before, "SEQ", 0, UP_WORDS("older than this record: the next page", \
	    "早于此序号的记录（下一页）"), 0}
/* The day that OPTIONS' KEY was given, as its first millisecond since the epoch; 0: not given.
 * Another text is wrong use, and ends. */
int64_t up_usage_day(
    const struct argp_option *options, const struct up_command_line *, int key);
/* " --unit X --before N": the options that were given, for the page of records older than N. */
void up_usage_print_next(FILE *, const struct argp_option *options, const struct up_command_line *,
    int before, int64_t n);

struct up_usage_table;

struct up_usage_table *up_usage_table_new(void);         /* NULL: no memory */
/* One record: its canonical bytes, or already parsed. UP_E_FORMAT. */
UP_MUST_USE enum up_err up_usage_table_put(struct up_usage_table *, struct up_span canonical);
void up_usage_table_put_json(struct up_usage_table *, const json_t *record);
UP_MUST_USE enum up_err up_usage_table_print(const struct up_usage_table *, FILE *);
void up_usage_table_free(struct up_usage_table **);

#endif
