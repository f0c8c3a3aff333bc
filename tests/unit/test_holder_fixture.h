/* SPDX-License-Identifier: Apache-2.0
 * Phones that call the server's own routes behind a real listener, with keys and proofs of their
 * own: what the tests of /holder/... share, over test_people_fixture. */
#ifndef UP_TEST_HOLDER_FIXTURE_H
#define UP_TEST_HOLDER_FIXTURE_H

#include "core/jwk.h"
#include "server/checks.h"
#include "server/server.h"
#include "test_people_fixture.h"

#define PASSWORD "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"        /* 1 1 1 ... */
#define OTHER_PASSWORD "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI"
#define WHO "\"certificate\":\"CERT-1\",\"password\":\"" PASSWORD "\""
#define PLAIN "{" WHO "}"

struct phone {
	struct holder h;
	struct up_jwk *key;
	char token[44];
};

extern struct fixture wire_f;
extern struct up_server wire_server;
/* The roster knows people 1 to 99, 100 to 199 by another name, and nobody from 200 on. */
void wire_begin(void);
void wire_end(void);
void wire_restart(void);                 /* another process, the same database */

/* What the holder's own phone is; wire_hang_up at the end. */
struct phone wire_phone(const struct holder *);
void wire_hang_up(struct phone *);
/* LI, principal of U1, on her phone; another unit's; and one added and taken by BY. */
struct phone wire_principal(void);
struct phone wire_stranger(void);
struct phone wire_make(const struct phone *by, enum up_authority_role, int who);

/* What the next calls do otherwise than they should, and header lines beside. */
enum wire_sign { SIGN_BODY, SIGN_NO_BODY, SIGN_OTHER_BODY };
extern enum wire_sign wire_sign;
extern const char *wire_headers, *wire_language;
extern char wire_proof[4096];            /* the last one that was sent */
/* The status of the answer. PATH: with a query, perhaps. */
int wire_get(const struct phone *, const char *path);
int wire_post(const struct phone *, const char *path, const char *body);
const char *wire_body(void);             /* of the last answer */
bool wire_says(const char *text);        /* anywhere in it, head and all */
/* Text or whole number of a member, anywhere in the body: the first one of this name; "": none. */
const char *wire_member(const char *name);
/* {WHO,"person":{...}} of people_named. */
const char *wire_person(int who);

#endif
