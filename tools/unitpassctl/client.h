/* SPDX-License-Identifier: Apache-2.0
 * Private to the client commands. */
#ifndef UP_CTL_CLIENT_H
#define UP_CTL_CLIENT_H

#include "tools/unitpassctl/ctl.h"

/* Open the store, find the client that the argument names, and run FN with it. Gives its exit
 * status; 1: said why. */
int up_client_with(
    struct up_command_line *, int (*fn)(const struct up_command_line *, const struct up_client *));

#endif
