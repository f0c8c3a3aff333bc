/* SPDX-License-Identifier: Apache-2.0
 * Which member of a JSON text holds what is no character, for words to whoever sent it. Asked only
 * of a text that was refused: it reads what jansson would not. */
#ifndef UP_JSON_WHERE_H
#define UP_JSON_WHERE_H

#include "core/span.h"

enum up_json_why {
	UP_JSON_NOWHERE,                 /* no string is spoilt: it is something else */
	UP_JSON_ENCODING,                /* bad UTF-8, or half a surrogate pair as an escape */
	UP_JSON_NUL
};

struct up_json_where {
	enum up_json_why why;
	/* the nearest name before it, borrowed from the text, as it is written; empty: none, or it
	 * is the name that is spoilt */
	struct up_span member;
};

struct up_json_where up_json_where(struct up_span text);

#endif
