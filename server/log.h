/* SPDX-License-Identifier: Apache-2.0
 * Log lines on standard error: one event, one constant tag, key=value fields; plain text or JSON.
 * Never a secret. */
#ifndef UP_LOG_H
#define UP_LOG_H

#include "core/span.h"

enum up_log_level { UP_LOG_ERROR, UP_LOG_WARNING, UP_LOG_INFO, UP_LOG_DEBUG };

void up_log_setup(bool json, enum up_log_level least);
/* TAG, then pairs of key and value (both const char *), then NULL. A NULL value is left out. */
void up_log(enum up_log_level, const char *tag, ...) __attribute__((sentinel));
/* A line of a library: LEVEL 'e' 'w' 'i' 'd'. */
void up_log_line(char level, const char *line);

#endif
