/* SPDX-License-Identifier: Apache-2.0
 * Words for the codes that server and records use, in the person's language. Codes are for scripts
 * and auditors: they stand beside the words where up_words_codes(true) was said, and alone where
 * there are no words. */
#ifndef UP_WORDS_H
#define UP_WORDS_H

#include "core/span.h"

void up_words_codes(bool shown);
/* Why something was refused ("wrong_password"); a role ("principal"). */
void up_words_put_reason(struct up_buf *, struct up_span code);
void up_words_put_role(struct up_buf *, struct up_span code);
/* How a person's role or a grant stands ("waiting"). */
void up_words_put_status(struct up_buf *, struct up_span code);
/* What a portal is told ("unit.code"); see core/disclosure.h. */
void up_words_put_disclosure(struct up_buf *, struct up_span name);

#endif
