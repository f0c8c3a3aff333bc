/* SPDX-License-Identifier: Apache-2.0
 * What a client of an OAuth server says and hears, whoever the client is. */
#ifndef UP_OAUTH_H
#define UP_OAUTH_H

#include "core/jwk.h"

#define UP_OAUTH_ASSERTION_TYPE "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#define UP_OAUTH_ASSERTION_LIFE_S 60
#define UP_OAUTH_JTI 16                  /* random bytes: an assertion is good for once */
#define UP_OAUTH_ERROR 64                /* with its NUL */
#define UP_OAUTH_WHY 200

struct up_oauth_assertion {
	const struct up_jwk *key;        /* with its private half */
	struct up_span kid;              /* as its owner calls it */
	const char *client, *issuer;     /* the server takes its issuer as audience (RFC 8414) */
	int64_t now_s;
	uint8_t jti[UP_OAUTH_JTI];       /* from the caller's CSPRNG */
};
/* Appends the client's authentication by private_key_jwt (RFC 7523 section 3) to OUT: header,
 * payload, signature. */
UP_MUST_USE enum up_err up_oauth_assertion_put(
    const struct up_oauth_assertion *, struct up_buf *out);

/* The error and, where WHY is not NULL, the error_description of an answer (RFC 6749 section 5.2;
 * empty if it has none, or one that is longer). Another's words: whoever shows them sees to it that
 * they steer nothing. False, with an empty ERROR: BODY is no such answer. */
bool up_oauth_error(struct up_span body, char error[UP_OAUTH_ERROR], char why[UP_OAUTH_WHY]);

#endif
