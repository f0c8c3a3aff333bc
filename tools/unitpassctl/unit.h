/* SPDX-License-Identifier: Apache-2.0
 * Private to the unit commands. */
#ifndef UP_CTL_UNIT_H
#define UP_CTL_UNIT_H

#include "tools/unitpassctl/ctl.h"

/* A unit as --json shows it; the caller's, NULL: no memory. */
json_t *up_unit_view_json(const struct up_unit_view *);

/* What the certificate of U is at any moment from FROM_MS on and before TO_MS: "live", "not_yet" or
 * "over"; NULL: it has none that lives. */
const char *up_unit_period(const struct up_unit_view *, int64_t from_ms, int64_t to_ms);

#endif
