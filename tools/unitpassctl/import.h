/* SPDX-License-Identifier: Apache-2.0
 * Units and certificates from a file: CSV (server/connect/csv.h), a JSON array, or JSON Lines.
 * Everything is checked before anything is stored; each problem says where and why, in both
 * languages. */
#ifndef UP_IMPORT_H
#define UP_IMPORT_H

#include "core/unit.h"
#include "server/store/op.h"

struct up_import_problem {
	/* where the row begins; in a JSON array: which element, from 1; 0: the whole file */
	unsigned long line;
	char *column; /* Chinese or English as the file's heads are; "" when it is about the row */
	char *en, *zh;
};

struct up_import {
	/* all good ones, for struct up_op_units; borrowed from here */
	struct up_unit_row *rows;
	unsigned long *lines;            /* of each row */
	size_t n, cap;
	struct up_import_problem *problems;
	size_t n_problems, cap_problems;
	bool elements;                   /* "line" counts elements of an array */
	/* private */
	const struct up_unit_authority *authorities;
	size_t n_authorities;
	void *codes, *certificates;      /* seen before: tsearch trees */
	bool failed;                     /* no memory */
};

/* Read TEXT into *X (zeroed by the callee; up_import_free in any case). AUTHORITIES: those that
 * exist; a row names one by code or name, and may leave it out when there is exactly one. UP_OK
 * also when there are problems. UP_E_NOMEM. */
UP_MUST_USE enum up_err up_import_read(struct up_span text, bool json,
    const struct up_unit_authority *authorities, size_t n, struct up_import *x);
void up_import_free(struct up_import *x);

#endif
