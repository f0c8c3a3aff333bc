/* SPDX-License-Identifier: Apache-2.0
 * All rows of one database into another, empty one; the engines may differ. */
#ifndef UP_DB_COPY_H
#define UP_DB_COPY_H

#include "server/db/db.h"

struct up_copy {
	struct up_db_settings from, to;  /* database, password; TO: create */
	/* DONE of TOTAL rows of TABLE are copied, or (COMPARING) compared; called at least once for
	 * each with DONE = TOTAL. May be NULL. */
	void (*tell)(void *arg, const char *table, int64_t done, int64_t total, bool comparing);
	void *arg;
	int64_t rows;                    /* result: copied and found alike */
};

/* Both are brought to this release's schema. Nobody writes into either meanwhile: their write locks
 * are held. The target keeps all or nothing: it is one transaction there, and it ends only after
 * every row was read back and found the same as its source. Afterwards new rows get free numbers.
 * UP_E_STATE: there are rows in the target. UP_E_KEY: persons' data in the source are not sealed
 * yet: opening it as a store does that. UP_E_CONFIG: a database is not there, is another
 * program's or a newer one's. UP_E_STORE, UP_E_NOMEM. WHY gets a text for people. */
UP_MUST_USE enum up_err up_copy_run(struct up_copy *, char why[256]);

/* A table as it is copied: its columns, the first KEY of them its key, and for each one letter:
 * i number, t text, b bytes. */
struct up_copy_table { const char *name, *columns, *types; int key; };
/* All tables but schema_version and what an engine keeps for itself, each after those that it
 * refers to. */
const struct up_copy_table *up_copy_tables(size_t *n);

#endif
