/* SPDX-License-Identifier: Apache-2.0
 * A unit and its first certificate as they come to us, in a file or from a window: which fields
 * there are, in what spelling each is kept, and what must hold before it is stored. Pure: who reads
 * the fields and whom the problems are told is the caller's. Source: DOMAIN, formats and rule 30;
 * 条例 art 8 (certificate fields). */
#ifndef UP_CORE_UNIT_H           /* UP_UNIT_H is that of the unit tests */
#define UP_CORE_UNIT_H

#include "core/json_put.h"
#include "core/normal.h"

#define UP_UNIT_YEARS 5                  /* a certificate's life (DOMAIN rule 30) */

enum up_unit_field {
	UP_UNIT_CODE, UP_UNIT_NAME, UP_UNIT_PURPOSE, UP_UNIT_ADDRESS, UP_UNIT_REPRESENTATIVE,
	UP_UNIT_FUNDING, UP_UNIT_CAPITAL, UP_UNIT_ORGANISER, UP_UNIT_AUTHORITY, UP_UNIT_CERTIFICATE,
	UP_UNIT_FROM, UP_UNIT_TO,
	UP_UNIT_FIELDS                   /* no field that there is */
};

/* "valid_from" or "有效期自". */
const char *up_unit_field_name(enum up_unit_field, bool chinese);
/* By either name, as people type it; *CHINESE: by the Chinese one. UP_UNIT_FIELDS: none. */
enum up_unit_field up_unit_field_of(struct up_span name, bool *chinese);
bool up_unit_field_required(enum up_unit_field);
/* Append VALUE in the one spelling that is kept: up_normal_put with the field's kind. */
UP_MUST_USE enum up_err up_unit_put_value(struct up_buf *, enum up_unit_field, struct up_span value,
    struct up_normal_fault *);

struct up_unit_authority { char *code, *name; };

/* What is given: values in the spelling that is kept, empty where there is none. */
struct up_unit_given {
	struct up_span values[UP_UNIT_FIELDS];
	bool faulty[UP_UNIT_FIELDS];     /* had no such spelling, which was told already */
	const struct up_unit_authority *authorities;     /* those that exist */
	size_t n_authorities;
};

/* What follows from it; whole when nothing was told. */
struct up_unit_found {
	struct up_span authority;        /* its code; the only one there is, if none was named */
	int64_t valid_from_s, valid_to_s;    /* both inclusive; to the end of the day in China */
};

/* Every rule for one unit by itself. TELL is called for each problem, with what is wrong in both
 * languages, in an order that a person reads well. */
void up_unit_check(const struct up_unit_given *,
    void (*tell)(void *arg, enum up_unit_field, const char *en, const char *zh), void *arg,
    struct up_unit_found *out);

/* The certificate's fields as one JSON object; what is empty is left out. */
void up_unit_put_fields(struct up_json_put *, const struct up_unit_given *);

#endif
