/* SPDX-License-Identifier: Apache-2.0
 * Private to server/store: rows turned into the structs of store.h, and what operations read beside
 * them. */
#ifndef UP_ROWS_H
#define UP_ROWS_H

#include "server/store/tx.h"

/* A phone as an operation sees it. */
struct up_rows_device {
	struct up_device device;
	bool live;
	uint8_t verifier[32];
};
/* *found is false when there is none. UP_E_STORE. */
UP_MUST_USE enum up_err up_rows_device(
    struct up_db *, enum up_sql id, struct up_db_arg key, struct up_rows_device *out, bool *found);

/* The facts of a role edge: the first columns of each statement that reads one. Its texts are the
 * caller's, as up_rows_pack makes them. */
enum { UP_ROWS_EDGE_ROLE = 1, UP_ROWS_EDGE_UNIT = 3, UP_ROWS_EDGE_CERTIFICATE, UP_ROWS_EDGE = 14 };
struct up_authority_edge up_rows_edge(const struct up_db_rows *, const char *unit,
    const char *certificate);

/* An edge that something is done to; its unit is UNIT. */
struct up_rows_target {
	struct up_authority_edge edge;
	char unit[24], ref[UP_STORE_REF + 1] /* the holder's */, masked[64];
	int64_t device;                  /* that it is on, or was; 0: none yet */
};
/* Columns of TARGET_COLUMNS in sql.c. OUT stays where it is: its edge borrows from it. */
void up_rows_target(const struct up_db_rows *, struct up_rows_target *out);

/* A role, its phone, and the row number of its unit. */
struct up_rows_role {
	struct up_role *role;            /* NULL: none such */
	int64_t unit;
	struct up_rows_device phone;     /* without key */
};
/* By statement ID with ARGS. UP_E_STORE, UP_E_NOMEM. */
UP_MUST_USE enum up_err up_rows_role(struct up_db *, enum up_sql id, const struct up_db_arg *args,
    size_t n, struct up_rows_role *out);

/* One allocation: STRUCT_SIZE zeroed bytes, then the texts; TEXTS[i] is set to a copy of column
 * FIRST + i ("" for NULL). NULL: no memory. */
struct up_rows_text { size_t offset; int column; };
void *up_rows_pack(
    const struct up_db_rows *, size_t struct_size, const struct up_rows_text *texts, size_t n);
/* As much of the text as fits, whole characters only. */
void up_rows_copy(const struct up_db_rows *, int column, char *out, size_t cap);
void up_rows_copy_ref(const struct up_db_rows *, int column, char out[UP_STORE_REF + 1]);

/* The first column of the rows of statement ID, one space between two, in WORDS (emptied before).
 */
UP_MUST_USE enum up_err up_rows_words(
    struct up_db *, enum up_sql id, struct up_db_arg key, struct up_buf *words);

#endif
