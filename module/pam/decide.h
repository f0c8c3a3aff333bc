/* SPDX-License-Identifier: Apache-2.0
 * May this identity use this account? Requirements first, then the map. */
#ifndef UP_DECIDE_H
#define UP_DECIDE_H

#include "module/pam/options.h"
#include "module/pam/wire.h"
#include "module/rp/rp.h"

/* MAP is well-formed (up_map_check). REASON is for the log: a constant. */
enum up_wire_verdict up_decide(const struct up_options *, struct up_span map,
    const struct up_rp_session *, struct up_span account, const char **reason);

#endif
