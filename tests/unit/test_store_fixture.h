/* SPDX-License-Identifier: Apache-2.0
 * What the tests of the store share: a database in a folder of its own with an authority, units U1 and U2, a portal, an item, and people. */
#ifndef UP_TEST_STORE_FIXTURE_H
#define UP_TEST_STORE_FIXTURE_H

#include <sqlite3.h>

#include "server/store/tx.h"
#include "unit.h"

#define NOW 1764000000000                /* 2025-11-24 */
#define FIXTURE_CHANGES 5                /* records of what fixture_open puts in */
#define U1 "124300000000000000"
#define U2 "124300001000001390"

struct fixture {
	char folder[64], path[96];
	struct up_store *store;
	int64_t device, role;            /* of LI, principal of U1, after fixture_enrol */
	uint8_t password[32], token_hash[32];
};

extern const struct up_named fixture_li, fixture_zhang;

void fixture_open(struct fixture *, bool writer);        /* new folder, filled */
void fixture_reopen(struct fixture *, bool writer);
void fixture_close(struct fixture *);                    /* and remove the folder */
enum up_err fixture_connect(const char *path, bool writer, struct up_store **out);
void fixture_code(const char *text, uint8_t hash[32]);   /* 32 bytes that depend on TEXT */
enum up_err fixture_put_code(struct up_store *, const char *unit, const struct up_named *, const char *code);
/* An ENROL job for CODE on a new phone (its ref is CODE too, padded). */
struct up_job fixture_enrol_job(const char *code, const struct up_named *, char ref[23]);
void fixture_enrol(struct fixture *);                    /* LI takes U1 on a phone with password 1 1 1 ... */
struct up_job fixture_decide(const struct fixture *, bool right);
struct up_job fixture_redeem(const struct fixture *, const char *session);
struct up_record fixture_record(const char *event);
int64_t fixture_count(struct fixture *, const char *sql);        /* one number, by a connection of its own */
bool fixture_gapless(struct fixture *);                  /* seq 1..max, blocks right, integrity_check ok */

#endif
