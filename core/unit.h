/* SPDX-License-Identifier: Apache-2.0
 * A unit and its certificate as they come to us, in a file or from a window, and as they change
 * later: which fields there are, in what spelling each is kept, and what must hold before it is
 * stored. Pure: who reads the fields and whom the problems are told is the caller's. Source:
 * DOMAIN, formats, rules 28 and 30; 条例 art 8 (certificate fields). */
#ifndef UP_CORE_UNIT_H           /* UP_UNIT_H is that of the unit tests */
#define UP_CORE_UNIT_H

#include "core/json_put.h"
#include "core/normal.h"

#define UP_UNIT_YEARS 5                  /* a certificate's life (DOMAIN rule 30) */
#define UP_UNIT_RENEW_DAYS 30            /* of its end, in which it is renewed (same rule) */

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

/* A problem, in both languages (constants). */
typedef void (*up_unit_tell)(void *arg, enum up_unit_field, const char *en, const char *zh);
/* Every rule for one unit by itself. TELL is called for each problem, in an order that a person
 * reads well. */
void up_unit_check(
    const struct up_unit_given *, up_unit_tell tell, void *arg, struct up_unit_found *out);

/* The certificate's fields as one JSON object; what is empty is left out. */
void up_unit_put_fields(struct up_json_put *, const struct up_unit_given *);

/* --- what changes later (rules 28, 30) --- */

/* May FIELD change while the unit goes on? Its code never does, and it stays with its authority. */
bool up_unit_field_changes(enum up_unit_field);

/* What is asked of a unit that is there: VALUES, in the spelling that is kept, where ASKED. */
struct up_unit_change {
	struct up_span values[UP_UNIT_FIELDS];
	bool asked[UP_UNIT_FIELDS];
};
/* What the next version of its certificate says. */
struct up_unit_changed {
	struct up_unit_given after;      /* texts are borrowed from both */
	struct up_unit_found found;
	bool differs[UP_UNIT_FIELDS];
	size_t n;                        /* fields that differ; 0: there is nothing to do */
	bool suspends;           /* the principal, until the window confirms her (rule 28) */
};
/* NOW with CHANGE in the place of what it asks. TELL hears what is wrong with that: what was so
 * before is not told. The period changes with the certificate's number alone, which is another
 * certificate then (reissue); what only lasts longer is renewed. */
void up_unit_judge_change(const struct up_unit_given *now, const struct up_unit_change *,
    up_unit_tell tell, void *arg, struct up_unit_changed *out);

/* When a certificate up to VALID_TO_S (its last second) is renewed at NOW_S, it runs anew from that
 * day on. UP_E_RANGE: its last 30 days have not come yet; UP_E_EXPIRED: they are over, and void is
 * void. */
UP_MUST_USE enum up_err up_unit_renew(
    int64_t valid_to_s, int64_t now_s, int64_t *from_s, int64_t *to_s);

#endif
