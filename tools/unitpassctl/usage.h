/* SPDX-License-Identifier: Apache-2.0
 * One usage record, for the commands that are about one. */
#ifndef UP_CTL_USAGE_H
#define UP_CTL_USAGE_H

#include "tools/unitpassctl/ctl.h"

#define UP_USAGE_HASH 43                 /* base64url of 256 bits */

struct up_usage_one {
	int64_t seq;
	json_t *record;
	struct up_buf canonical;         /* its bytes */
	char hash[UP_USAGE_HASH + 1];    /* of the leaf, as receipts have it */
	bool failed;
};

/* Opens the database. ARGUMENT: its number, id, or receipt, whose hash is compared. Gives the exit
 * status; 1: said why. Free OUT in any case. */
int up_usage_find(struct up_ctl *, const char *argument, struct up_usage_one *out);
void up_usage_one_free(struct up_usage_one *);

#endif
