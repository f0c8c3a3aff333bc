/* SPDX-License-Identifier: Apache-2.0
 * All words of the terminal, one table a language. */
#ifndef UP_TEXTS_H
#define UP_TEXTS_H

#include "core/span.h"

enum up_texts_lang { UP_TEXTS_EN, UP_TEXTS_ZH };

enum up_texts_key {
	UP_TEXTS_SCAN,                   /* above the QR */
	UP_TEXTS_TYPE,                   /* there is a code to type, and nothing else */
	UP_TEXTS_OPEN,                   /* where to go before typing it; the address follows */
	UP_TEXTS_OR_TYPE,                /* below the QR; the code follows */
	UP_TEXTS_CODE,                   /* the code follows */
	UP_TEXTS_COMPARE,                /* what the phone must show; the purpose follows */
	UP_TEXTS_PROMPT,
	UP_TEXTS_DENIED, UP_TEXTS_EXPIRED, UP_TEXTS_TIMEOUT, UP_TEXTS_UNAVAILABLE, UP_TEXTS_BUSY,
	UP_TEXTS_REFUSED, UP_TEXTS_FORBIDDEN,
	UP_TEXTS_BROKEN,
	UP_TEXTS_N
};

/* Never NULL. */
const char *up_texts_get(enum up_texts_lang, enum up_texts_key);

/* May characters beyond ASCII be shown in LOCALE ("zh_CN.UTF-8")? */
bool up_texts_utf8(struct up_span locale);
/* Chinese when LOCALE begins with "zh" and is UTF-8. */
enum up_texts_lang up_texts_lang_of(struct up_span locale);

/* Append "ssh login to HOST as USER", at most 60 code points: the host is cut first. Nothing in the
 * three can hide or reorder text. */
#define UP_TEXTS_PURPOSE_MAX 60
void up_texts_purpose(struct up_buf *, enum up_texts_lang, struct up_span service,
    struct up_span host, struct up_span user);

#endif
