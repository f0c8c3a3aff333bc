/* SPDX-License-Identifier: Apache-2.0
 * Texts that a person agrees to, web/legal/NAME.json: {"version", "zh-CN", "en"}. Who agrees agrees
 * to a version: a text changes with its version only. */
#ifndef UP_LEGAL_H
#define UP_LEGAL_H

#include "core/span.h"

#define UP_LEGAL_VERSION_MAX 32

struct up_legal;

/* The one called NAME ("download"). UP_E_NOT_FOUND, UP_E_FORMAT, UP_E_NOMEM. */
UP_MUST_USE enum up_err up_legal_new(const char *name, struct up_legal **out);
/* The same from the file's text. UP_E_FORMAT: not all three, or another member. */
UP_MUST_USE enum up_err up_legal_parse(struct up_span json, struct up_legal **out);
void up_legal_free(struct up_legal **);

/* Borrowed from the legal; valid UTF-8, none is empty. */
struct up_span up_legal_version(const struct up_legal *);
struct up_span up_legal_text(const struct up_legal *, const char *lang);     /* "zh-CN" "en" */

#endif
