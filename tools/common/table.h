/* SPDX-License-Identifier: Apache-2.0
 * Tables for people: columns aligned, Chinese characters counted as two. */
#ifndef UP_TABLE_H
#define UP_TABLE_H

#include <stdio.h>

#include "core/span.h"

#define UP_TABLE_COLUMNS 12

struct up_table;

/* HEADS: N column heads, kept by the caller. NULL: no memory. */
struct up_table *up_table_new(const char *const *heads, size_t n);
/* Cells left to right, row by row; text is made harmless (up_text_put_safe) and cut at 60
 * characters. */
void up_table_put(struct up_table *, struct up_span cell);
/* Print what is complete. UP_E_NOMEM when a cell was lost. */
UP_MUST_USE enum up_err up_table_print(const struct up_table *, FILE *);
void up_table_free(struct up_table **);

#endif
