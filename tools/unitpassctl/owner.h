/* SPDX-License-Identifier: Apache-2.0
 * Whose the files are that unitpassctl makes: the server's. */
#ifndef UP_OWNER_H
#define UP_OWNER_H

#include "tools/unitpassctl/ctl.h"

struct up_owner { long uid, gid; };      /* -1: as it comes */

/* Of the configuration, which is read; started by another than root, what is made is hers. False:
 * said why. */
bool up_owner_find(const struct up_ctl *, struct up_owner *out);
/* The file of the database at PATH, with what SQLite keeps beside it. False: said why. */
bool up_owner_give_database(
    const struct up_ctl *, const struct up_owner *, const char *path);

#endif
