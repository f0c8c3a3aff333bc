/* SPDX-License-Identifier: Apache-2.0
 * How SQLite means to run every statement of the store: no table that grows with the register is
 * read from end to end, unless all of it is what was asked for. */
#define _GNU_SOURCE 1                    /* memmem */
#include <stdlib.h>
#include <string.h>

#include "server/db/db.h"
#include "server/store/sql.h"
#include "test_store_fixture.h"

#define EXPLAIN "EXPLAIN QUERY PLAN "
#define DETAIL 3                         /* column of the answer: "SEARCH ..." or "SCAN ..." */

/* All of a table is what they are asked for; or its first entry, and no more is read. */
static const enum up_sql whole[] = {
    UP_SQL_USAGE_LAST, UP_SQL_USAGE_NEWEST,
    UP_SQL_USAGE_BOUNDS,                 /* a row for 4096 records */
    UP_SQL_CATALOGUE_NEXT,               /* its one row */
    UP_SQL_CLIENTS, UP_SQL_CLIENTS_VERSION, UP_SQL_ITEMS, UP_SQL_ITEMS_GRANTABLE,
    UP_SQL_AUTHORITIES,
    UP_SQL_ENROLMENT_TOO_LONG,           /* codes that are open, when the clock was put right */
    UP_SQL_PERSON_KEY_OTHER,             /* counts, when a data key is changed */
    UP_SQL_UNITS, UP_SQL_DEVICES, UP_SQL_VIEW_UNITS, UP_SQL_VIEW_EDGES, UP_SQL_VIEW_GRANTS,
    UP_SQL_VIEW_ITEMS,
};

static bool may_read_all(enum up_sql id)
{
	bool may = false;

	for (size_t i = 0; i < UP_ARRAY_LEN(whole); i++)
		may = may || whole[i] == id;
	return may;
}

/* What INSERT would look for where a foreign key is broken for the moment is not run. */
static size_t scans(struct up_db *db, enum up_sql id, const char *text)
{
	struct up_db_rows *rows;
	bool row;
	size_t n = 0;
	enum up_err err = up_db_first(db, id, NULL, 0, &rows, &row);

	while (err == UP_OK && row) {
		struct up_span line = up_db_column(rows, DETAIL);
		bool bad = (up_span_starts(line, "SCAN ") &&
			       !up_span_eq_str(line, "SCAN CONSTANT ROW")) ||
		    (line.n > 9 && memmem(line.p, line.n, "AUTOMATIC", 9) != NULL);

		n += bad;
		err = up_db_next(rows, &row);
	}
	up_db_end(&rows);
	CU_ASSERT_EQUAL(err, UP_OK);
	if (up_span_starts(up_span_str(text), "INSERT "))
		n = 0;
	if ((n > 0) != may_read_all(id))
		fprintf(stderr, "%zu tables are read whole: %s\n", n, text);
	return n;
}

static void test_plans(void)
{
	static const char *texts[UP_SQL_N];
	struct up_db_settings set = { .texts = texts, .n_texts = UP_SQL_N };
	struct up_db *db;
	struct fixture f;
	char why[256];

	if (fixture_on_postgres())
		return;                  /* says nothing of empty tables: they are read whole */
	fixture_open(&f, false);
	set.database = f.database;
	for (int i = 0; i < UP_SQL_N; i++) {
		size_t size = strlen(up_sql_texts[i]) + sizeof(EXPLAIN);
		char *text = malloc(size);

		snprintf(text, size, "%s%s", EXPLAIN, up_sql_texts[i]);
		texts[i] = text;
	}
	CU_ASSERT_EQUAL_FATAL(up_db_open(&set, &db, why), UP_OK);
	for (enum up_sql i = 0; i < UP_SQL_N; i++)
		CU_ASSERT_EQUAL(scans(db, i, up_sql_texts[i]) > 0, may_read_all(i));
	up_db_close(&db);
	for (int i = 0; i < UP_SQL_N; i++)
		free((void *)texts[i]);
	fixture_close(&f);
}

UP_SUITE("plans", test_plans)
