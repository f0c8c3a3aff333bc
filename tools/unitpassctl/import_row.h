/* SPDX-License-Identifier: Apache-2.0
 * Private to import: a row under way. */
#ifndef UP_IMPORT_ROW_H
#define UP_IMPORT_ROW_H

#include "tools/unitpassctl/import.h"

/* Zeroed but for x, line and chinese. Cells are its own until the row is good. */
struct up_import_row {
	struct up_import *x;
	unsigned long line;
	bool chinese, bad;
	char *cells[UP_UNIT_FIELDS];
	struct up_unit_given given;      /* borrows the cells */
};

void up_import_problem(struct up_import *, unsigned long line, struct up_span column,
    const char *en, const char *zh);
void up_import_bad_cell(struct up_import_row *, enum up_unit_field, const char *en,
    const char *zh);
void up_import_set(struct up_import_row *, enum up_unit_field, struct up_span text);
/* Check the whole and hand it over to x, or add its problems; the cells are freed. */
void up_import_end_row(struct up_import_row *);

#endif
