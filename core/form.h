/* SPDX-License-Identifier: Apache-2.0
 * Strict application/x-www-form-urlencoded parsing (RFC 6749 appendix B; section 3.1:
 * parameters MUST NOT be included more than once). */
#ifndef UP_FORM_H
#define UP_FORM_H

#include "core/span.h"

#define UP_FORM_MAX 32            /* parameters */

struct up_form {
	struct { struct up_span name, value; } at[UP_FORM_MAX];
	size_t n;
	struct up_buf store;      /* decoded bytes that AT points into */
};

/* Parse BODY (at most 64 KiB).  UP_E_REQUEST: duplicate name, empty name, bad escape, more than
 * UP_FORM_MAX; UP_E_UTF8: NUL or bad UTF-8; UP_E_TOO_LARGE.  On error *F is empty and free. */
UP_MUST_USE enum up_err up_form_parse(struct up_span body, struct up_form *f);
/* Value of NAME; {NULL,0} when absent, and when empty: a parameter without a value counts as left
 * out (RFC 6749 sections 3.1, 3.2). */
struct up_span up_form_get(const struct up_form *f, const char *name);
void up_form_free(struct up_form *f);

#endif
