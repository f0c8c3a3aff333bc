/* SPDX-License-Identifier: Apache-2.0
 * Idempotency keys of what was asked and not answered yet. Each is a file of the phone's folder,
 * named by a keyed hash of the request without its password: whoever asks the same again, in this
 * process or a later one, takes the same key, and the server does it once. */
#ifndef UP_HOLDER_AGAIN_H
#define UP_HOLDER_AGAIN_H

#include "tools/holder/holder.h"

#define UP_AGAIN_KEPT_S (23 * 3600)      /* the server keeps its answers for 24 hours */

struct up_holder_again {
	char file[64];
	char key[23];
	bool before;                     /* it was asked before, and never answered */
};

/* The key of a request; kept in the folder until up_holder_again_answered. False: said why. */
UP_MUST_USE bool up_holder_again_take(
    struct up_holder *, const char *path, const json_t *body, struct up_holder_again *);
/* Another key: the one there is came with another password. */
UP_MUST_USE bool up_holder_again_renew(struct up_holder *, struct up_holder_again *);
void up_holder_again_answered(struct up_holder *, const struct up_holder_again *);

#endif
