/* SPDX-License-Identifier: Apache-2.0 */
#include "server/database.h"

#include <stdio.h>
#include <string.h>

#include "server/keys/keys.h"

enum up_err up_database_settings(const struct up_config *c, struct up_store_settings *set,
    struct up_buf *secret, char why[256])
{
	struct up_span line, rest;
	enum up_err err;

	memset(secret, 0, sizeof(*secret));
	set->database = c->database;
	set->password = NULL;
	if (c->database_password_file[0] == '\0')
		return UP_OK;
	err = up_keys_read_secret(c->database_password_file, secret, why);
	if (err != UP_OK)
		return err;
	up_span_cut(up_buf_span(secret), '\n', &line, &rest);
	if (line.n == 0 || rest.n > 0 || memchr(line.p, '\0', line.n) != NULL) {
		snprintf(why, 256, "%.150s: must hold the password in one line, and nothing else",
		    c->database_password_file);
		return UP_E_CONFIG;
	}
	secret->n = line.n;
	set->password = up_buf_cstr(secret);
	return set->password != NULL ? UP_OK : UP_E_NOMEM;
}
