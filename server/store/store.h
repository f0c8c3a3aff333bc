/* SPDX-License-Identifier: Apache-2.0
 * Durable data behind one interface: units, certificates, persons, holders, roles, devices,
 * clients, items, enrolments, sessions, records. server/db has the engines.
 *
 * Reads are synchronous and may come from any thread. What is written are operations (op.h): a
 * writer thread runs the waiting ones in one transaction and one fsync (group commit), and calls
 * each one's DONE only after the commit: an answer goes out only when its record is on disk. Every
 * check that decides is made again inside that transaction. */
#ifndef UP_STORE_H
#define UP_STORE_H

#include "core/authority.h"
#include "core/person.h"
#include "core/record.h"
#include "core/span.h"

struct up_store;

#define UP_STORE_REF 22 /* references and ids for the outside: base64url of 128 random bits */

struct up_data_keys;

/* Opens (and with CREATE makes, mode 0600) the database and brings its schema to the newest
 * version; a newer one than we know is UP_E_CONFIG. Persons' data that an older version left in the
 * clear are sealed then, and what they lay in is cleared away. WRITER: start the writer thread
 * (unitpassd); without it operations run in the caller (unitpassctl). ADMINISTRATOR: who makes
 * changes, as change records name him; may be NULL. WHY gets a text for people. */
struct up_store_settings {
	const char *database;            /* a file's path or a server's URI: see server/db/db.h */
	const char *password;            /* for the server; may be NULL */
	const char *administrator;
	bool create, writer;
	uint8_t password_key[32];
	/* Borrowed until the close (server/keys/data_keys.h). A missing file is made where no
	 * person is sealed yet; UP_E_KEY: it is missing, or not the one under which they are.
	 * NULL: persons' data can neither be read nor written. */
	struct up_data_keys *data_keys;
	void (*log)(char level, const char *line);
};
UP_MUST_USE enum up_err up_store_open(
    const struct up_store_settings *, struct up_store **out, char why[256]);
void up_store_close(struct up_store **);     /* finishes waiting operations */
/* Finish waiting operations and take no more (UP_E_BUSY); reads go on until the close. */
void up_store_drain(struct up_store *);
/* one cheap read, and the last commit did not fail */
UP_MUST_USE enum up_err up_store_healthy(struct up_store *);

/* --- what is read --- */
/* Structs that are handed out are one allocation; their free function takes NULL and clears. */

struct up_client {
	int64_t number;
	char *id, *name, *origin;        /* origin: https://portal.example.org */
	bool is_static, has_secret;
	uint8_t secret_hash[32];         /* SHA-256 of the secret's text */
	char *jwks;                      /* JWK Set text for private_key_jwt, or NULL */
	char *items;                     /* space-separated item codes */
	char *status;                    /* live disabled removed */
	int64_t created_ms, since_ms;    /* live since: what began before is void */
};
/* An array of pointers in the order of their making: the live ones, or ALL that ever were. */
UP_MUST_USE enum up_err up_store_clients(
    struct up_store *, bool all, struct up_client ***out, size_t *n);
/* Grows whenever a client is disabled, enabled or removed: who keeps a copy of the clients reads
 * them again. */
UP_MUST_USE enum up_err up_store_clients_version(struct up_store *, int64_t *version);
void up_store_clients_free(struct up_client ***, size_t n);

struct up_item { char *code, *name, *client; };
UP_MUST_USE enum up_err up_store_items(struct up_store *, struct up_item **out, size_t *n);
void up_store_items_free(struct up_item **, size_t n);

struct up_device {                       /* a phone: one key, one password, one person */
	int64_t id, person;
	char ref[UP_STORE_REF + 1];
	uint8_t key[64];                 /* x || y */
	unsigned errors;
	char person_ref[UP_STORE_REF + 1];
	char person_masked[64];
};
/* By SHA-256 of the device token. UP_E_TOKEN: unknown; UP_E_ENDED: ended, *OUT all the same. */
UP_MUST_USE enum up_err up_store_device(
    struct up_store *, const uint8_t token_hash[32], struct up_device *out);
/* Would an operation of phone DEVICE take PASSWORD (stretched) now? It judges and counts that
 * itself; this is for what would cost something before. */
UP_MUST_USE enum up_err up_store_password_fits(
    struct up_store *, int64_t device, const uint8_t password[32], bool *fits);

struct up_role {                         /* a person in a role for a unit, as it stands now */
	int64_t id;
	char ref[UP_STORE_REF + 1];      /* holder ref: stable per person and unit, = sub */
	char person_ref[UP_STORE_REF + 1];
	char *role;                      /* principal manager user */
	char *unit_code, *unit_name, *person_masked, *certificate, *assurance;
	char *sealed_name;               /* see up_store_name */
	int64_t certificate_version, valid_from_s, valid_to_s;
	char *fields;                    /* certificate fields (条例 art 8) as JSON text */
	struct up_authority_edge edge;   /* the facts, for core/authority to judge */
};
/* The roles of a device's person that this device holds, live or not. */
UP_MUST_USE enum up_err up_store_roles(
    struct up_store *, int64_t device, struct up_role ***out, size_t *n);
void up_store_roles_free(struct up_role ***, size_t n);
/* UP_E_ROLE: none such. */
UP_MUST_USE enum up_err up_store_role(
    struct up_store *, int64_t role, int64_t device, struct up_role **out);
void up_store_role_free(struct up_role **);
/* The person's name in full, which the caller wipes. UP_E_STORE. */
UP_MUST_USE enum up_err up_store_name(
    struct up_store *, const struct up_role *, char out[UP_PERSON_NAME_SIZE]);

struct up_enrolment {
	int64_t id;
	char *unit_code, *unit_name, *role, *certificate, *fields, *person_masked;
	int64_t certificate_version, expires_ms;
	/* the grant that it takes as well; "", 0 and NULL: it names none */
	char grant[UP_STORE_REF + 1];
	uint32_t from_day, to_day;       /* yyyymmdd, as it was given */
	char *items;                     /* space-separated codes */
};
/* By SHA-256 of the code, for the person who says she is NAMED. UP_E_CODE: unknown, expired, used,
 * voided by 5 mismatches; UP_E_PERSON: another person. Nothing is counted: she who is told has to
 * run UP_OP_OPEN before. */
struct up_named { struct up_span name, resident, mobile; };      /* as up_person_take made them */
UP_MUST_USE enum up_err up_store_enrolment(struct up_store *, const uint8_t code_hash[32],
    const struct up_named *, int64_t now_ms, struct up_enrolment **out);
/* Is there such a code that is still good for somebody? UP_E_CODE. Nothing is counted. */
UP_MUST_USE enum up_err up_store_enrolment_known(
    struct up_store *, const uint8_t code_hash[32], int64_t now_ms);
void up_store_enrolment_free(struct up_enrolment **);

struct up_session {
	char id[UP_STORE_REF + 1];
	char *client;
	int64_t role, device, created_ms;
	bool revoked;
	char *items;
};
/* UP_E_TOKEN */
UP_MUST_USE enum up_err up_store_session(
    struct up_store *, const char *id, struct up_session **out);
void up_store_session_free(struct up_session **);

/* Has UNIT used BROWSER (at CLIENT) for an approved login before? */
UP_MUST_USE enum up_err up_store_browser_known(struct up_store *, struct up_span client,
    struct up_span browser, struct up_span unit, bool *known);

/* Usage records, newest first unless OLDEST_FIRST; empty/0 members do not filter. FN gets the
 * canonical bytes; non-zero stops. */
struct up_usage_filter {
	struct up_span unit, holder_ref, person_ref, client, item, event, result, reason, role,
	    transaction, id;
	struct up_span address;          /* of the browser or of the phone */
	int64_t from_ms, to_ms, after_seq, limit;
	bool oldest_first;
	/* asked last, of what fits all else; NULL: all of it */
	bool (*wanted)(void *arg, struct up_span canonical);
	void *wanted_arg;
};
typedef int (*up_usage_fn)(void *arg, int64_t seq, struct up_span canonical);
UP_MUST_USE enum up_err up_store_usage(
    struct up_store *, const struct up_usage_filter *, up_usage_fn fn, void *arg);

/* A person whom the real-name check has not answered for, and who waits for it: she has an edge
 * that waits, or never had one. PERSON is borrowed, and holds secrets. */
struct up_pending { int64_t number; const char *ref; const struct up_person *person; };
/* Non-zero stops; reading goes on no further then. FN may take its time: nothing is held open. */
typedef int (*up_pending_fn)(void *arg, const struct up_pending *);
/* At most LIMIT (no more than UP_PENDING_MAX) of those with numbers above AFTER, in order. One who
 * cannot be read keeps nobody else from being asked for: that is an error when it is so of all. */
#define UP_PENDING_MAX 64
UP_MUST_USE enum up_err up_store_pending(
    struct up_store *, int64_t after, size_t limit, up_pending_fn fn, void *arg);

struct up_store_stats {
	uint64_t commits, jobs, failures, counted /* refusals without a record of their own */,
	    queue;
};
void up_store_stats(struct up_store *, struct up_store_stats *out);

/* What the clock showed at the newest record, 0 without any. ACCEPTED: that record is an
 * administrator's word that it was right. */
UP_MUST_USE enum up_err up_store_clock(struct up_store *, int64_t *shown_ms, bool *accepted);
/* --- for administration (unitpassctl) --- */

/* Seal anew, under the newest data key, what lies under another: in short transactions, beside a
 * server that goes on; what was done stays done when it is interrupted. TELL (may be NULL) hears
 * after each how many of TOTAL are done. UP_E_KEY: some cannot be opened; UP_E_STORE. */
typedef void (*up_reseal_fn)(void *arg, int64_t done, int64_t total);
UP_MUST_USE enum up_err up_store_reseal(struct up_store *, up_reseal_fn tell, void *arg);
/* Persons whose data lie under another key than KEY. */
UP_MUST_USE enum up_err up_store_under_others(
    struct up_store *, const char *key, int64_t *n);

/* One unit as it stands, for people who administer; borrowed until the call returns. */
struct up_unit_view {
	struct up_span code, name, status /* live ended */, authority, authority_name;
	struct up_span certificate,
	    fields /* JSON text */; /* of the live certificate; empty without one */
	int64_t certificate_version, valid_from_s, valid_to_s;
	struct up_span principal /* masked name */,
	    principal_status; /* live waiting suspended; empty without one */
};
typedef int (*up_unit_fn)(void *arg, const struct up_unit_view *);
/* All units in the order of their codes, or the one with CODE when it is not empty (none is no
 * error); non-zero from FN stops. */
UP_MUST_USE enum up_err up_store_units(
    struct up_store *, struct up_span code, up_unit_fn fn, void *arg);
/* A phone as it stands, for people who administer; borrowed until the call returns. */
struct up_device_view {
	struct up_span ref, name, status /* live ended */, person_ref, person /* masked */,
	    units /* space-separated codes */;
	int64_t created_ms, ended_ms;
	bool locked;                     /* by wrong passwords */
};
typedef int (*up_device_fn)(void *arg, const struct up_device_view *);
/* Phones in the order of their enrolment; empty spans do not filter, UNIT is one in which the phone
 * holds a role now. Those that lived at any moment from FROM_MS on and before TO_MS; both 0: that
 * live now, or ENDED_TOO. */
struct up_device_filter {
	struct up_span ref, unit, person_ref;
	bool ended_too;
	int64_t from_ms, to_ms;
};
UP_MUST_USE enum up_err up_store_devices(
    struct up_store *, const struct up_device_filter *, up_device_fn fn, void *arg);
/* Is there such a thing, live or ended? What an auditor may have mistyped. */
enum up_known {
	UP_KNOWN_UNIT, UP_KNOWN_PERSON, UP_KNOWN_CLIENT, UP_KNOWN_ITEM, UP_KNOWN_HOLDER
};
UP_MUST_USE enum up_err up_store_known(
    struct up_store *, enum up_known kind, struct up_span key, bool *known);

typedef int (*up_authority_fn)(void *arg, struct up_span code, struct up_span name);
UP_MUST_USE enum up_err up_store_authorities(struct up_store *, up_authority_fn fn, void *arg);

#endif
