/* SPDX-License-Identifier: Apache-2.0
 * Writes JSON into a growing buffer, compact and in the order of the calls. It keeps by itself
 *where a comma belongs; nobody else writes one. No memory of its own: what fails marks the buffer.
 *
 *	struct up_json_put j = { .b = &out };
 *
 *	up_json_put_object(&j, NULL);                   {
 *	up_json_put_text(&j, "state", state);           "state":"pending"
 *	up_json_put_array(&j, "items");                 ,"items":[
 *	up_json_put_text(&j, NULL, item);               "annual"
 *	up_json_put_end(&j);                            ]
 *	up_json_put_end(&j);                            }
 *
 * NAME is the member's name, which must need no escape: a literal. NULL inside an array and for the
 * value at the top, of which there is one. Texts are valid UTF-8. */
#ifndef UP_JSON_PUT_H
#define UP_JSON_PUT_H

#include "core/span.h"

#define UP_JSON_PUT_DEPTH 31             /* nested deeper, the buffer is marked as failed */

struct up_json_put {
	struct up_buf *b;
	uint32_t filled, arrays;         /* lowest bit: what is open now; the next: what holds it */
	unsigned depth;
};

void up_json_put_object(struct up_json_put *, const char *name);
void up_json_put_array(struct up_json_put *, const char *name);
void up_json_put_end(struct up_json_put *);      /* of what was opened last */

/* A string with minimal escapes (up_buf_put_json), also when it is empty. */
void up_json_put_text(struct up_json_put *, const char *name, struct up_span value);
/* not if empty */
void up_json_put_opt(struct up_json_put *, const char *name, struct up_span value);
void up_json_put_str(struct up_json_put *, const char *name, const char *value);    /* NULL: "" */
void up_json_put_int(struct up_json_put *, const char *name, int64_t value);
void up_json_put_bool(struct up_json_put *, const char *name, bool value);
void up_json_put_b64url(struct up_json_put *, const char *name, struct up_span bytes);
/* VALUE is JSON already: one whole value. */
void up_json_put_raw(struct up_json_put *, const char *name, struct up_span value);
/* The same, the words of a NULL-terminated list as an array of strings. */
void up_json_put_words(struct up_json_put *, const char *name, const char *const *words);

/* A string in pieces: between the two the caller appends to the buffer what needs no escape (a
 * token, a URL of ours). */
void up_json_put_open(struct up_json_put *, const char *name);
void up_json_put_close(struct up_json_put *);

#endif
