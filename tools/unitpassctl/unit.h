/* SPDX-License-Identifier: Apache-2.0
 * Private to the unit commands. */
#ifndef UP_CTL_UNIT_H
#define UP_CTL_UNIT_H

#include "tools/unitpassctl/ctl.h"

/* A unit as --json shows it; the caller's, NULL: no memory. */
json_t *up_unit_view_json(const struct up_unit_view *);

#endif
