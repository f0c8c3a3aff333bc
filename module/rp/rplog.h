/* SPDX-License-Identifier: Apache-2.0
 * Log lines of the relying party: one sink per process, shared with liboauth2. */
#ifndef UP_RPLOG_H
#define UP_RPLOG_H

#include <oauth2/oauth2.h>

#include "module/rp/rp.h"

/* A constant greppable message with key=value fields; never a secret. Dropped before up_rp_init. */
void up_rplog(char level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* liboauth2's log of this process; NULL before up_rp_init. */
oauth2_log_t *up_rplog_oauth2(void);
/* TEXT with query strings and every run of 16 or more characters that could be a token, code, or
 * key replaced by "...". For texts of libraries, which now and then quote what they were given. */
void up_rplog_redact(const char *text, char *out, size_t cap);

#endif
