/* SPDX-License-Identifier: Apache-2.0
 * Private to server/store: the schema as a list of numbered steps, each run once in a transaction of its own. */
#ifndef UP_SCHEMA_H
#define UP_SCHEMA_H

#include <sqlite3.h>

#include "core/err.h"

#define UP_SCHEMA_APPLICATION 0x75706173 /* PRAGMA application_id: "upas" */

/* Bring DB to version N, where STEPS[i] leads from version i to i + 1. UP_E_CONFIG: the file is newer than that, or of another program. */
UP_MUST_USE enum up_err up_schema_migrate(sqlite3 *db, const char *const *steps, int n, char why[256]);
/* The steps of this release. */
const char *const *up_schema_steps(int *n);

#endif
