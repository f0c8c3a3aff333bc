/* SPDX-License-Identifier: Apache-2.0
 * Where the configuration says that the data is, as the store wants it said. */
#ifndef UP_DATABASE_H
#define UP_DATABASE_H

#include "server/config.h"
#include "server/store/store.h"

/* Fill database and password of SET. SECRET becomes the password's bytes, which must stay until the
 * store is open; free it with up_buf_free, also after a failure. UP_E_IO, UP_E_KEY (others may read
 * the file), UP_E_CONFIG (it holds no line), with WHY. */
UP_MUST_USE enum up_err up_database_settings(const struct up_config *,
    struct up_store_settings *set, struct up_buf *secret, char why[256]);

#endif
