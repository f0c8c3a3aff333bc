/* SPDX-License-Identifier: Apache-2.0
 * Usage records as a table for people; unitpassctl and the phone show the same. */
#ifndef UP_USAGE_TABLE_H
#define UP_USAGE_TABLE_H

#include <jansson.h>
#include <stdio.h>

#include "core/span.h"

/* Is it an event, a reason of a refusal, that records name? */
bool up_usage_event_known(struct up_span);
bool up_usage_reason_known(struct up_span);
/* In words, in the person's language; NULL: it has none. */
const char *up_usage_reason_word(struct up_span);
/* All of them, space-separated, for who asked for another. */
void up_usage_put_events(struct up_buf *);
void up_usage_put_reasons(struct up_buf *);

struct up_usage_table;

struct up_usage_table *up_usage_table_new(void);         /* NULL: no memory */
/* One record: its canonical bytes, or already parsed. UP_E_FORMAT. */
UP_MUST_USE enum up_err up_usage_table_put(struct up_usage_table *, struct up_span canonical);
void up_usage_table_put_json(struct up_usage_table *, const json_t *record);
UP_MUST_USE enum up_err up_usage_table_print(const struct up_usage_table *, FILE *);
void up_usage_table_free(struct up_usage_table **);

#endif
