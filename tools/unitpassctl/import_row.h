/* SPDX-License-Identifier: Apache-2.0
 * Private to import: a row under way. */
#ifndef UP_IMPORT_ROW_H
#define UP_IMPORT_ROW_H

#include "core/normal.h"
#include "tools/unitpassctl/import.h"

#define UP_IMPORT_COLUMNS 12

/* Zeroed but for x, line and chinese. Cells are its own until the row is good. */
struct up_import_row {
	struct up_import *x;
	unsigned long line;
	bool chinese, bad;
	bool faulty[UP_IMPORT_COLUMNS];  /* said already */
	char *cells[UP_IMPORT_COLUMNS];
};

/* Which column is called NAME, -1 for none; *CHINESE: by its Chinese name. */
int up_import_column(struct up_span name, bool *chinese);
bool up_import_required(int column, bool chinese, const char **name);
void up_import_problem(struct up_import *, unsigned long line, struct up_span column,
    const char *en, const char *zh);
void up_import_bad_cell(struct up_import_row *, int column, const char *en, const char *zh);
void up_import_set(struct up_import_row *, int column, struct up_span text);
/* Check the whole and hand it over to x, or add its problems; the cells are freed. */
void up_import_end_row(struct up_import_row *);

#endif
