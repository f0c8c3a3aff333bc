/* SPDX-License-Identifier: Apache-2.0 */
#include "server/db/schema.h"

#include <stdio.h>
#include <time.h>

#include "server/db/engine.h"

const struct up_db_schema *up_schema_of(const struct up_db *db)
{
	return db->engine->schema;
}

/* Version 0: a new, empty database. */
static enum up_err version_of(struct up_db *db, int *version, char why[256])
{
	int64_t number = 0;
	bool empty, ours;
	enum up_err err = db->engine->identify(db, &empty, &ours);

	if (err == UP_OK && !empty && !ours) {
		snprintf(why, 256, "the database is one of another program");
		return UP_E_CONFIG;
	}
	if (err == UP_OK && !empty)
		err = up_db_number(db, "SELECT max(version) FROM schema_version", &number);
	*version = (int)number;
	if (err != UP_OK)
		snprintf(why, 256, "cannot read the database: %s", up_db_message(db));
	return err;
}

static enum up_err step_to(struct up_db *db, const struct up_db_schema *schema, int version)
{
	char note[128];
	enum up_err err = version == 1 ? up_db_script(db, schema->mark) : UP_OK;

	if (err == UP_OK)
		err = up_db_script(db, schema->steps[version - 1]);
	snprintf(note, sizeof(note),
	    "INSERT INTO schema_version (version, applied_s) VALUES (%d, %lld)", version,
	    (long long)time(NULL));
	return err == UP_OK ? up_db_script(db, note) : err;
}

static enum up_err refuse_newer(int version, int known, char why[256])
{
	if (version <= known)
		return UP_OK;
	snprintf(why, 256,
	    "the database has schema version %d, this program knows %d: install the newer program",
	    version, known);
	return UP_E_CONFIG;
}

/* All that is missing in one transaction; the version is read inside it, for another process may
 * have been faster. */
static enum up_err advance(
    struct up_db *db, const struct up_db_schema *schema, int *version, char why[256])
{
	enum up_err err = up_db_begin(db);

	if (err != UP_OK) {
		snprintf(why, 256, "cannot write the database: %s", up_db_message(db));
		return err;
	}
	err = version_of(db, version, why);
	if (err == UP_OK)
		err = refuse_newer(*version, schema->n, why);
	while (err == UP_OK && *version < schema->n) {
		err = step_to(db, schema, ++*version);
		if (err != UP_OK)
			snprintf(why, 256, "schema step %d failed: %s", *version,
			    up_db_message(db));
	}
	if (err != UP_OK) {
		up_db_rollback(db);
		return err;
	}
	err = up_db_commit(db);
	if (err != UP_OK)
		snprintf(why, 256, "cannot write the database: %s", up_db_message(db));
	return err;
}

enum up_err up_schema_migrate(
    struct up_db *db, const struct up_db_schema *schema, char why[256])
{
	int version = 0;
	enum up_err err = version_of(db, &version, why);

	if (err == UP_OK && version < schema->n)
		err = advance(db, schema, &version, why);
	return err == UP_OK ? refuse_newer(version, schema->n, why) : err;
}
