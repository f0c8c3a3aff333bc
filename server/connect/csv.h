/* SPDX-License-Identifier: Apache-2.0
 * CSV tables with a head line (RFC 4180) over libcsv: UTF-8 with or without byte order mark,
 * quotes, lines that end in CRLF, LF or CR. A row that cannot be read costs only itself. */
#ifndef UP_CSV_H
#define UP_CSV_H

#include "core/span.h"

#define UP_CSV_COLUMNS 32
#define UP_CSV_CELL_MAX 8192             /* bytes */

/* Who takes the rows. What is not UP_OK ends the reading. */
struct up_csv_taker {
	void *arg;
	/* A row that begins on LINE (1 is the head, if that is first). CELLS until the call
	 * returns. */
	enum up_err (*row)(void *arg, unsigned long line, const struct up_span *cells, size_t n);
	/* A row that cannot be read, and why; static texts. The reading goes on behind it. */
	enum up_err (*bad)(void *arg, unsigned long line, const char *en, const char *zh);
};

/* Every row of RAW but empty lines; the head is a row like others. UP_E_NOMEM, or what a taker
 * answered. */
UP_MUST_USE enum up_err up_csv_read(struct up_span raw, const struct up_csv_taker *taker);
/* Cell I of a row of N cells, which spreadsheets may have left short: empty when it is not there.
 * */
struct up_span up_csv_cell(const struct up_span *cells, size_t n, size_t i);
/* Is there more in the row than its head has columns (WIDTH)? Then no cell can be trusted to be its
 * column's. */
bool up_csv_overfull(const struct up_span *cells, size_t n, size_t width);
#define UP_CSV_OVERFULL_EN "has more cells than the head: a comma too many, or a quote missing?"
#define UP_CSV_OVERFULL_ZH "单元格多于表头，可能多了逗号或缺少引号"

#endif
