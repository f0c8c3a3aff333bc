/* SPDX-License-Identifier: Apache-2.0
 * Private to the holder commands. */
#ifndef UP_CTL_HOLDER_H
#define UP_CTL_HOLDER_H

#include "tools/unitpassctl/ctl.h"

/* An edge, and a grant, as --json shows them; the caller's, NULL: no memory. TODAY: yyyymmdd. */
json_t *up_ctl_holder_json(const struct up_edge_view *, const struct up_when *);
json_t *up_ctl_grant_json(const struct up_granted_view *, const struct up_when *, uint32_t today);
/* yyyymmdd of WHEN, or of now. */
uint32_t up_ctl_grant_today(const struct up_ctl *, const struct up_when *);

#endif
