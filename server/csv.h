/* SPDX-License-Identifier: Apache-2.0
 * CSV tables with a head line (RFC 4180) over libcsv: UTF-8 with or without byte order mark, quotes, CRLF or LF. */
#ifndef UP_CSV_H
#define UP_CSV_H

#include "core/span.h"

#define UP_CSV_COLUMNS 32
#define UP_CSV_CELL_MAX 8192             /* bytes */

/* A row that begins on LINE (1 is the head, if that is first). CELLS until the call returns. What is not UP_OK ends the reading. */
typedef enum up_err (*up_csv_row_fn)(void *arg, unsigned long line, const struct up_span *cells, size_t n);

/* Every row of TEXT but empty lines; the head is a row like others. *LINE: where it ended, when it failed. UP_E_UTF8 (LINE says where),
 * UP_E_FORMAT (a quote out of place or not closed), UP_E_TOO_LARGE (columns, a cell), UP_E_NOMEM, or what FN answered. */
UP_MUST_USE enum up_err up_csv_read(struct up_span text, up_csv_row_fn fn, void *arg, unsigned long *line);

#endif
