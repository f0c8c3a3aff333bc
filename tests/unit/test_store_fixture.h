/* SPDX-License-Identifier: Apache-2.0
 * What the tests of the store share: a database in a folder of its own with an authority, units U1
 * and U2, a portal, an item, and people. */
#ifndef UP_TEST_STORE_FIXTURE_H
#define UP_TEST_STORE_FIXTURE_H

#include <stdatomic.h>

#include "server/keys/data_keys.h"
#include "server/db/schema.h"
#include "server/store/tx.h"
#include "test_postgres.h"
#include "unit.h"

#define NOW 1764000000000                /* 2025-11-24 */
#define FIXTURE_CHANGES 5                /* records of what fixture_open puts in */
#define U1 "124300000000000000"
#define U2 "124300001000001390"

struct fixture {
	char folder[64];                 /* of an SQLite file */
	struct postgres_base base;       /* instead, on PostgreSQL */
	bool kept;                       /* its empty tables can be had again */
	char database[POSTGRES_URL];     /* the file's path, or a URL */
	struct up_store *store;
	int64_t device, role;            /* of LI, principal of U1, after fixture_enrol */
	uint8_t password[32], token_hash[32];
};

extern const struct up_named fixture_li, fixture_zhang, fixture_wang;

/* UNITPASS_ENGINE=postgresql: the same tests on a real PostgreSQL; else on SQLite. */
bool fixture_on_postgres(void);
const struct up_db_schema *fixture_schema(void);         /* of the engine */
void fixture_make(struct fixture *);                     /* a new, empty database */
/* A new SQLite file DATABASE, with all that FILL (the same each time) puts in: made once a program,
 * for its tables and their fsync cost a hundred times as much as a copy. */
void fixture_copy(const char *database, void (*fill)(struct up_store *));
/* A new database, filled; on PostgreSQL one that was closed before, if it is as new. */
void fixture_open(struct fixture *, bool writer);
void fixture_reopen(struct fixture *, bool writer);
void fixture_close(struct fixture *);                    /* the database is for nobody more */
/* Under which persons' data lie: the same for all stores of a program. */
struct up_data_keys *fixture_keys(void);
enum up_err fixture_connect(const char *database, bool writer, struct up_store **out);
/* Of others whom we ended nothing is under way any more. */
void fixture_quiet(struct fixture *);
/* Kinds that were run by the functions below. */
extern atomic_bool fixture_tried[UP_OPS];
/* Operations of an administrator. */
enum up_err fixture_authority_put(
    struct up_store *, struct up_span code, struct up_span name, int64_t now_ms);
enum up_err fixture_units_put(struct up_store *, const struct up_unit_row *, size_t n,
    int64_t now_ms, size_t *added, size_t *bad);
enum up_err fixture_client_put(struct up_store *, const struct up_client *, int64_t now_ms);
enum up_err fixture_client_rotate(struct up_store *, const struct up_client *, int64_t now_ms);
enum up_err fixture_client_set(
    struct up_store *, struct up_span id, const char *status, int64_t now_ms);
enum up_err fixture_item_put(struct up_store *, struct up_span code, struct up_span name,
    struct up_span client, int64_t now_ms);
enum up_err fixture_item_end(struct up_store *, struct up_span code, int64_t now_ms);
/* Another value for FIELD of a unit; *OUT (may be NULL) is the operation as it came back. */
enum up_err fixture_unit_change(struct up_store *, const char *unit, enum up_unit_field field,
    const char *value, struct up_op_unit_change *out);
enum up_err fixture_unit_renew(
    struct up_store *, const char *unit, int64_t now_ms, struct up_op_unit_renew *out);
enum up_err fixture_unit_cancel(
    struct up_store *, const char *unit, int64_t now_ms, size_t *roles);
enum up_err fixture_holder_end(
    struct up_store *, const char *ref, int64_t now_ms, size_t *roles);
enum up_err fixture_device_end(struct up_store *, struct up_span ref, int64_t now_ms);
enum up_err fixture_clock_accept(struct up_store *, int64_t now_ms, int64_t *newest_ms);
enum up_err fixture_data_key(struct up_store *, const char *key, int64_t now_ms);
enum up_err fixture_code_put(struct up_store *, const struct up_op_code *, int64_t now_ms);
/* Look at what CODE gives, as WHO. */
enum up_err fixture_open_code(struct up_store *, const char *code, const struct up_named *who);
void fixture_code(const char *text, uint8_t hash[32]);   /* 32 bytes that depend on TEXT */
enum up_err fixture_put_code(
    struct up_store *, const char *unit, const struct up_named *, const char *code);
/* The real-name check gives no answer (UP_E_PENDING). */
enum up_err fixture_put_pending(
    struct up_store *, const char *unit, const struct up_named *);
/* The first who is pending with a number above AFTER; false: none. */
struct fixture_pending { int64_t number; char ref[UP_STORE_REF + 1]; struct up_person person; };
bool fixture_pending(struct up_store *, int64_t after, struct fixture_pending *out);
struct up_op_realname fixture_realname(const struct fixture_pending *, const char *outcome);
/* CODE on a new phone (its ref is CODE too, padded). */
struct up_op_enrol fixture_enrolling(const char *code, const struct up_named *, char ref[23]);
enum up_err fixture_run(struct fixture *, struct up_op *);       /* and clear it */
/* LI takes U1 on a phone with password 1 1 1 ... */
void fixture_enrol(struct fixture *);
struct up_op_decide fixture_decide(const struct fixture *, bool right);
struct up_op_redeem fixture_redeem(const struct fixture *, const char *session);
struct up_op_replay fixture_replay(const struct fixture *, const char *session);
struct up_op_record fixture_note(const char *event);
/* N approvals, one after the other; how many failed. */
int fixture_decide_often(struct fixture *, int n);
void fixture_threads(int n, void *(*fn)(void *), void *arg);     /* at once, at most 64 */
struct up_record fixture_record(const char *event);
/* By a connection of its own: one number, -1: failed; a change. */
int64_t fixture_count(struct fixture *, const char *sql);
enum up_err fixture_change(struct fixture *, const char *sql);
bool fixture_gapless(struct fixture *);                  /* seq 1..max, blocks right, file sound */
/* What a query found; BODY: of the last one. */
struct fixture_seen { size_t n; int64_t first, last; char body[4096]; };
int fixture_see(void *seen, int64_t seq, struct up_span canonical);
struct fixture_seen fixture_query(struct up_store *, struct up_usage_filter);
struct fixture_seen fixture_newest(struct up_store *);
/* Records that have TEXT in their canonical bytes; is the newest one of them? */
int64_t fixture_having(struct fixture *, const char *text);
bool fixture_newest_has(struct fixture *, const char *text);
void fixture_digest(struct fixture *, uint8_t out[32]);  /* SHA-256 of all rows of all tables */

#endif
