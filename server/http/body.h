/* SPDX-License-Identifier: Apache-2.0
 * What a phone sent, read member by member: the first that is wrong is told by its name, with words
 * for people (SECURITY 26). Reads after that give nothing, so a handler reads all and asks once. */
#ifndef UP_BODY_H
#define UP_BODY_H

#include "core/person.h"
#include "server/http/http.h"

#define UP_BODY_DETAIL 512
#define UP_BODY_MEMBER 64

struct up_body_reader {
	bool chinese;
	uint32_t today;                  /* yyyymmdd, in China */
	const json_t *o;                 /* the body, or what is read of it */
	const struct up_form *query;     /* instead of it */

	/* the first fault; err UP_OK: none yet */
	enum up_err err;
	char member[UP_BODY_MEMBER * 4 + 1], detail[UP_BODY_DETAIL];
};

enum up_body_wrong {
	UP_BODY_MISSING, UP_BODY_UNKNOWN, UP_BODY_TEXT, UP_BODY_OBJECT, UP_BODY_BOOL, UP_BODY_LIST,
	UP_BODY_EMPTY, UP_BODY_LONG, UP_BODY_COUNT, UP_BODY_TWICE, UP_BODY_DAY, UP_BODY_NO_DAY,
	UP_BODY_SECRET, UP_BODY_REF, UP_BODY_NUMBER, UP_BODY_KEY, UP_BODY_ENCODING, UP_BODY_NUL,
	UP_BODY_WRONGS
};

/* Of R's body, or of QUERY when it is not NULL. */
struct up_body_reader up_body_of(const struct up_request *, const struct up_form *query);
/* NAME is wrong; unless something was before. */
void up_body_fault(struct up_body_reader *, const char *name, enum up_body_wrong);
/* Nothing else is there than the NULL-terminated NAMES. */
void up_body_only(struct up_body_reader *, const char *const *names);

/* Text of 1 to MAX bytes, and nothing invisible in it; OPT: empty when it is not there.
 * Borrowed. */
struct up_span up_body_text(struct up_body_reader *, const char *name, size_t max);
struct up_span up_body_text_opt(struct up_body_reader *, const char *name, size_t max);
bool up_body_flag(struct up_body_reader *, const char *name, bool otherwise);
/* Exactly N bytes in base64url. */
void up_body_secret(struct up_body_reader *, const char *name, uint8_t *out, size_t n);
/* A day, "2026-03-01", as yyyymmdd; 0: none, or wrong. */
uint32_t up_body_day(struct up_body_reader *, const char *name);
/* A list of 1 to MAX texts of at most TEXT_MAX bytes, none twice; REFS: each is a reference. How
 * many; 0: wrong. */
struct up_body_list { const char *name; size_t max, text_max; bool refs; };
size_t up_body_list(struct up_body_reader *, const struct up_body_list *, struct up_span *out);
/* Member "person", as the one way in takes it. */
void up_body_person(struct up_body_reader *, struct up_person *out);
/* Of a query: 1 to MAX; OTHERWISE when it is not there. */
int64_t up_body_number(
    struct up_body_reader *, const char *name, uint64_t max, int64_t otherwise);

/* Answer the fault. */
void up_body_refuse(struct up_request *, const struct up_body_reader *);
/* Answer ERR with the member that it is about. */
void up_body_refuse_member(struct up_request *, enum up_err, const char *member);
/* Answer a body that cannot be read at all, with the member that spoils it where there is one. */
void up_body_refuse_unread(struct up_request *, enum up_err);

#endif
