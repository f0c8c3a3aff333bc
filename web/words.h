/* SPDX-License-Identifier: Apache-2.0
 * The files of this folder as the programs carry them, and the word tables
 * web/words/{zh-CN,en}.json: one table a language. */
#ifndef UP_WORDS_H
#define UP_WORDS_H

#include "core/span.h"

struct up_words;

/* UP_E_FORMAT, UP_E_NOMEM. */
UP_MUST_USE enum up_err up_words_new(struct up_words **out);
void up_words_free(struct up_words **);
/* The text of KEY in LANG ("zh-CN" or "en"); {NULL, 0} when there is none. */
struct up_span up_words_get(const struct up_words *, const char *lang, struct up_span key);
/* An embedded file by name, "q.html"; {NULL, 0} when there is none. */
struct up_span up_words_file(const char *name);

#endif
