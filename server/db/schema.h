/* SPDX-License-Identifier: Apache-2.0
 * The schema as a list of numbered steps, each run once in a transaction of its own. The steps are
 * written in each engine's words (schema_sqlite.c, schema_postgres.c); step N of one engine holds
 * what step N of the other holds, so that a version means the same everywhere. */
#ifndef UP_DB_SCHEMA_H
#define UP_DB_SCHEMA_H

#include "server/db/db.h"

#define UP_SCHEMA_POSTGRES_MARK "unitpass"       /* comment on the table schema_version */
#define UP_SCHEMA_SQLITE_APPLICATION 1970299251  /* PRAGMA application_id: "upas" */

struct up_db_schema {
	/* Before the first step: what marks a database as ours (see engine.h, identify), and the
	 * table schema_version (version, applied_s, probed_ms). */
	const char *mark;
	const char *const *steps;        /* STEPS[i] leads from version i to i + 1 */
	int n;
	/* After rows were put with numbers of their own: the next new number is a free one. NULL:
	 * nothing to do. */
	const char *after_copy;
	/* What was overwritten or deleted is gone from the files too when these have run, each
	 * outside a transaction; a number other than 0 that one answers says that it was hindered.
	 */
	const char *scrub[2];
};
extern const struct up_db_schema up_schema_sqlite, up_schema_postgres;

/* Bring the database to the last version of SCHEMA. UP_E_CONFIG: it is newer than that, or of
 * another program. UP_E_STORE. */
UP_MUST_USE enum up_err up_schema_migrate(
    struct up_db *, const struct up_db_schema *, char why[256]);
/* The schema of this release for the engine of this connection. */
const struct up_db_schema *up_schema_of(const struct up_db *);

#endif
