/* SPDX-License-Identifier: Apache-2.0
 * Pages from templates: "{{name}}" is replaced by the HTML-escaped value, "{{&name}}" by
 * the raw one, "{{?name}}...{{/name}}" stays only when the value is not empty (may nest). Nothing
 * else is known. */
#ifndef UP_TEMPLATE_H
#define UP_TEMPLATE_H

#include "core/span.h"

/* Value of NAME; {NULL,0} when unknown. */
typedef struct up_span (*up_template_get)(void *arg, struct up_span name);

/* UP_E_FORMAT: a tag is not closed; UP_E_NOT_FOUND: a name is unknown. */
UP_MUST_USE enum up_err up_template_render(
    struct up_span text, up_template_get get, void *arg, struct up_buf *out);

/* Best of the languages we speak for an Accept-Language header: "zh-CN" or "en" (RFC 9110
 * section 12.5.4, q-values honoured; any zh* is zh-CN; empty header gives zh-CN; none that we speak
 * gives en). */
const char *up_template_language(struct up_span accept_language);

#endif
