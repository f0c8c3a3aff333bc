/* SPDX-License-Identifier: Apache-2.0
 * Which identity may use which local account. A line of the map: unit code, holder reference or "*"
 * for any holder of the unit, account; separated by spaces or tabs. "#" begins a comment line. An
 * identity may have several lines. */
#ifndef UP_MAP_H
#define UP_MAP_H

#include "core/span.h"

#define UP_MAP_ACCOUNT_MAX 256

/* Every line of TEXT is well-formed: a valid unit code (GB 32100), three fields. UP_E_FORMAT: *LINE
 * is not. A map without lines is well-formed and knows nobody. */
UP_MUST_USE enum up_err up_map_check(struct up_span text, unsigned *line);
/* TEXT is well-formed. UP_OK: this identity may use ACCOUNT. UP_E_NOT_FOUND: no line is for this
 * identity. UP_E_ROLE: others than ACCOUNT are. All compared byte for byte. */
UP_MUST_USE enum up_err up_map_find(
    struct up_span text, struct up_span unit, struct up_span holder, struct up_span account);

#endif
