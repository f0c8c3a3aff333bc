/* SPDX-License-Identifier: Apache-2.0
 * What is said between us and a population platform (doc/REALNAME.md), and by which names: pure.
 *
 * The request is POST with a JSON object of three texts, whose names the platform chooses. Headers:
 *
 *	Realname-Key: ID              which of the platform's secrets this is signed with
 *	Realname-Time: 1764489600     seconds since 1970
 *	Realname-Nonce: 22 characters base64url of 128 random bits, once
 *	Realname-Signature: HEX       64 lower-case digits
 *
 * The signature is HMAC-SHA-256 under the shared secret over these lines, each ended by LF but the
 * last, which is the body as it is sent:
 *
 *	unitpass-realname-request-v1
 *	POST
 *	/path?query                   as the request line has it
 *	TIME
 *	NONCE
 *	BODY
 *
 * The answer, whose status is 200, has Realname-Time and Realname-Signature, over
 *
 *	unitpass-realname-answer-v1
 *	STATUS
 *	TIME                          of the answer, not further than UP_PLATFORM_SKEW_S from ours
 *	NONCE                         of the request: it is the answer to this one and no other
 *	BODY
 */
#ifndef UP_PLATFORM_WIRE_H
#define UP_PLATFORM_WIRE_H

#include "core/person.h"
#include "server/connect/realname.h"

#define UP_PLATFORM_SKEW_S 300
#define UP_PLATFORM_NONCE 22
#define UP_PLATFORM_SIGNATURE 64
#define UP_PLATFORM_SECRET_MIN 32        /* bytes */

/* How the platform spells it; borrowed. */
struct up_platform_mapping {
	const char *name, *resident, *mobile;    /* members of the request */
	/* Where the answer says it: a member, or a path of them ("data.result"). */
	const char *answer;
	/* Values there, separated by blanks: texts, or numbers and true and false as JSON writes
	 * them. */
	const char *match, *mismatch, *not_found;
};

/* What is wrong with M, or NULL. *WHICH: the member of the struct, by name. */
const char *up_platform_mapping_wrong(const struct up_platform_mapping *m, const char **which);

/* Append the body of the request. */
void up_platform_put_request(
    struct up_buf *, const struct up_platform_mapping *, const struct up_person *);
/* UP_E_REQUEST: the body cannot be read, the member is missing or is no scalar. UP_E_RANGE: it has
 * a value that is none of ours. */
UP_MUST_USE enum up_err up_platform_read_answer(const struct up_platform_mapping *,
    struct up_span body, enum up_realname_outcome *out);

/* What is signed, but the body. */
struct up_platform_signed { struct up_span what /* method or status */, path, time, nonce; };
/* SIGNATURE: with NUL. UP_E_CRYPTO. */
UP_MUST_USE enum up_err up_platform_sign_request(struct up_span secret,
    const struct up_platform_signed *, struct up_span body,
    char signature[UP_PLATFORM_SIGNATURE + 1]);
/* Is SIGNATURE that of this answer (PATH is not looked at)? UP_E_SIGNATURE, UP_E_CRYPTO;
 * UP_E_CLOCK: it is, but its time is too far from NOW_S. */
UP_MUST_USE enum up_err up_platform_check_answer(struct up_span secret,
    const struct up_platform_signed *, struct up_span body, struct up_span signature,
    int64_t now_s);

#endif
