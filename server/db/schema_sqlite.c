/* SPDX-License-Identifier: Apache-2.0
 * The schema in SQLite's words. */
#include "server/db/schema.h"

/* Never edit a step that was released: add the next one. */

/* Who may act for whom: authorities, units and their certificates, persons, phones, roles,
 * enrolment codes, portals. */
static const char register_step[] =
    "CREATE TABLE authority (id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE,"
    " name TEXT NOT NULL, created_ms INTEGER NOT NULL) STRICT;"
    "CREATE TABLE unit (id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, name TEXT NOT NULL,"
    " authority INTEGER NOT NULL REFERENCES authority,"
    " status TEXT NOT NULL CHECK (status IN ('live', 'ended')),"
    " created_ms INTEGER NOT NULL) STRICT;"
    "CREATE TABLE certificate (id INTEGER PRIMARY KEY, unit INTEGER NOT NULL REFERENCES unit,"
    " number TEXT NOT NULL, version INTEGER NOT NULL,"
    " status TEXT NOT NULL CHECK (status IN ('live', 'ended')), valid_from_s INTEGER NOT NULL,"
    " valid_to_s INTEGER NOT NULL,"
    " fields TEXT NOT NULL, created_ms INTEGER NOT NULL, UNIQUE (number, version)) STRICT;"
    "CREATE UNIQUE INDEX certificate_live ON certificate (unit) WHERE status = 'live';"
    "CREATE TABLE person (id INTEGER PRIMARY KEY, ref TEXT NOT NULL UNIQUE,"
    " resident TEXT NOT NULL UNIQUE, name TEXT NOT NULL,"
    " masked TEXT NOT NULL, mobile TEXT NOT NULL, outcome TEXT NOT NULL CHECK (outcome IN"
    " ('match', 'pending')), assurance TEXT NOT NULL,"
    " checked_ms INTEGER NOT NULL, created_ms INTEGER NOT NULL) STRICT;"
    "CREATE TABLE device (id INTEGER PRIMARY KEY, ref TEXT NOT NULL UNIQUE,"
    " person INTEGER NOT NULL REFERENCES person,"
    " key BLOB NOT NULL CHECK (length(key) = 64), token_hash BLOB NOT NULL UNIQUE CHECK"
    " (length(token_hash) = 32),"
    " verifier BLOB NOT NULL CHECK (length(verifier) = 32),"
    " errors INTEGER NOT NULL CHECK (errors BETWEEN 0 AND 6),"
    " status TEXT NOT NULL CHECK (status IN ('live', 'ended')), name TEXT NOT NULL,"
    " created_ms INTEGER NOT NULL, ended_ms INTEGER) STRICT;"
    "CREATE TABLE holder (id INTEGER PRIMARY KEY, ref TEXT NOT NULL UNIQUE,"
    " unit INTEGER NOT NULL REFERENCES unit,"
    " person INTEGER NOT NULL REFERENCES person, created_ms INTEGER NOT NULL, UNIQUE (unit,"
    " person)) STRICT;"
    "CREATE INDEX holder_person ON holder (person);"
    /* One edge per grantor and holder; unit is the holder's, repeated so that the index below
     * can count principals. */
    "CREATE TABLE role (id INTEGER PRIMARY KEY, holder INTEGER NOT NULL REFERENCES holder,"
    " unit INTEGER NOT NULL REFERENCES unit,"
    " role TEXT NOT NULL CHECK (role IN ('principal', 'manager', 'user')),"
    " grantor INTEGER REFERENCES role,"
    " status TEXT NOT NULL CHECK (status IN ('waiting', 'live', 'ended')),"
    " device INTEGER REFERENCES device,"
    " created_ms INTEGER NOT NULL, live_ms INTEGER, ended_ms INTEGER,"
    " CHECK (status <> 'live' OR device IS NOT NULL)) STRICT;"
    "CREATE UNIQUE INDEX role_principal ON role (unit) WHERE role = 'principal' AND status <>"
    " 'ended';"
    "CREATE INDEX role_holder ON role (holder);"
    "CREATE INDEX role_device ON role (device);"
    "CREATE TABLE enrolment (id INTEGER PRIMARY KEY,"
    " code_hash BLOB NOT NULL UNIQUE CHECK (length(code_hash) = 32),"
    " role INTEGER NOT NULL REFERENCES role, status TEXT NOT NULL CHECK (status IN ('open',"
    " 'used', 'ended')), expires_ms INTEGER NOT NULL,"
    " used_ms INTEGER, mismatches INTEGER NOT NULL, clerk TEXT NOT NULL, window TEXT NOT NULL,"
    " created_ms INTEGER NOT NULL) STRICT;"
    "CREATE INDEX enrolment_open ON enrolment (role) WHERE status = 'open';"
    "CREATE TABLE agreement (id INTEGER PRIMARY KEY, role INTEGER NOT NULL REFERENCES role,"
    " device INTEGER NOT NULL REFERENCES device,"
    " version TEXT NOT NULL, agreed_ms INTEGER NOT NULL) STRICT;"
    "CREATE TABLE client (id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, name TEXT NOT NULL,"
    " origin TEXT NOT NULL,"
    " is_static INTEGER NOT NULL, secret_hash BLOB CHECK (length(secret_hash) = 32), jwks TEXT,"
    " status TEXT NOT NULL CHECK (status IN ('live', 'ended')),"
    " created_ms INTEGER NOT NULL) STRICT;"
    "CREATE TABLE item (code TEXT PRIMARY KEY, name TEXT NOT NULL,"
    " client INTEGER NOT NULL REFERENCES client, created_ms INTEGER NOT NULL) STRICT;"
    "CREATE INDEX item_client ON item (client);";

static const char login_step[] =
    "CREATE TABLE session (id TEXT PRIMARY KEY, client INTEGER NOT NULL REFERENCES client,"
    " role INTEGER NOT NULL REFERENCES role,"
    " device INTEGER NOT NULL REFERENCES device, created_ms INTEGER NOT NULL,"
    " revoked_ms INTEGER, items TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE browser (client INTEGER NOT NULL REFERENCES client, browser TEXT NOT NULL,"
    " unit INTEGER NOT NULL REFERENCES unit,"
    " first_ms INTEGER NOT NULL, PRIMARY KEY (client, browser, unit)) STRICT, WITHOUT ROWID;";

/* owner is the unit's code or, before a unit is chosen, the person's reference: one index entry
 * a record answers for unit, holder and
 * person. login is the transaction, left out where usage.c finds the record by its neighbours.
 * usage_block has the times within every 4096
 * records, so that a period becomes a range of seq without an index on time. (An index entry at
 * a random place costs an append about 10 us.) */
static const char usage_step[] =
    "CREATE TABLE usage (seq INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL, owner TEXT,"
    " login TEXT, body BLOB NOT NULL) STRICT;"
    "CREATE INDEX usage_owner ON usage (owner) WHERE owner IS NOT NULL;"
    "CREATE INDEX usage_login ON usage (login) WHERE login IS NOT NULL;"
    "CREATE TABLE usage_block (block INTEGER PRIMARY KEY, first_ms INTEGER NOT NULL,"
    " last_ms INTEGER NOT NULL) STRICT;"
    "CREATE TRIGGER usage_no_update BEFORE UPDATE ON usage BEGIN SELECT RAISE (ABORT,"
    " 'usage records are never changed'); END;"
    "CREATE TRIGGER usage_no_delete BEFORE DELETE ON usage BEGIN SELECT RAISE (ABORT,"
    " 'usage records are never deleted'); END;";

/* Refusals that leave no record each: how many alike there were on the last day that had one. As
 * many rows as phones and codes, times a few. */
static const char refusal_step[] =
    "CREATE TABLE refusal (source TEXT NOT NULL, event TEXT NOT NULL, reason TEXT NOT NULL,"
    " day INTEGER NOT NULL, n INTEGER NOT NULL,"
    " PRIMARY KEY (source, event, reason)) STRICT, WITHOUT ROWID;";

/* A client that was ended and not removed may come back; what it began before since_ms stays void.
 * A running server reads its clients again when the version has grown. */
static const char client_step[] =
    "ALTER TABLE client ADD COLUMN removed_ms INTEGER;"
    "ALTER TABLE client ADD COLUMN since_ms INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE catalogue (version INTEGER NOT NULL) STRICT;"
    "INSERT INTO catalogue VALUES (1);"
    "CREATE TRIGGER client_status AFTER UPDATE OF status ON client BEGIN UPDATE catalogue SET "
    "version = version + 1; END;";

/* By whose right somebody acts. An edge has one grantor, and one of each; a grant is one of an edge
 * (unit and grantor are the edge's, repeated so that lists read no more than they show), for items
 * that may have ended since. A code that names a grant takes it with the edge. */
static const char grant_step[] =
    "ALTER TABLE role ADD COLUMN may_authorise INTEGER NOT NULL DEFAULT 1"
    " CHECK (may_authorise IN (0, 1));"
    "ALTER TABLE role ADD COLUMN suspended_ms INTEGER;"
    "CREATE INDEX role_grantor ON role (grantor) WHERE grantor IS NOT NULL"
    " AND status <> 'ended';"
    "CREATE UNIQUE INDEX role_edge ON role (holder, grantor) WHERE status <> 'ended';"
    "CREATE INDEX role_unit ON role (unit, role) WHERE status <> 'ended';"
    "ALTER TABLE item ADD COLUMN ended_ms INTEGER;"
    "CREATE TRIGGER item_ended AFTER UPDATE OF ended_ms ON item BEGIN UPDATE catalogue SET "
    "version = version + 1; END;"
    "CREATE TABLE item_grant (id INTEGER PRIMARY KEY, ref TEXT NOT NULL UNIQUE,"
    " edge INTEGER NOT NULL REFERENCES role, unit INTEGER NOT NULL REFERENCES unit,"
    " grantor INTEGER NOT NULL REFERENCES role, from_day INTEGER NOT NULL,"
    " to_day INTEGER NOT NULL CHECK (to_day >= from_day),"
    " status TEXT NOT NULL CHECK (status IN ('waiting', 'live', 'ended')),"
    " created_ms INTEGER NOT NULL, live_ms INTEGER, ended_ms INTEGER) STRICT;"
    "CREATE INDEX item_grant_edge ON item_grant (edge, status);"
    "CREATE INDEX item_grant_unit ON item_grant (unit) WHERE status <> 'ended';"
    "CREATE INDEX item_grant_grantor ON item_grant (grantor) WHERE status <> 'ended';"
    "CREATE TABLE grant_item (item_grant INTEGER NOT NULL REFERENCES item_grant,"
    " item TEXT NOT NULL REFERENCES item, PRIMARY KEY (item_grant, item)) STRICT,"
    " WITHOUT ROWID;"
    "ALTER TABLE enrolment ADD COLUMN item_grant INTEGER REFERENCES item_grant;";

/* Persons' data are sealed, and the resident ID is found by its blind index. Which rows are not
 * sealed yet the store sees by an empty key_id, and seals them before it does anything else
 * (server/store/reseal.c). chore: what is left to do after a step. */
static const char seal_step[] =
    "ALTER TABLE person RENAME COLUMN resident TO resident_index;"
    "ALTER TABLE person ADD COLUMN resident TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE person ADD COLUMN key_id TEXT NOT NULL DEFAULT '';"
    "CREATE INDEX person_key ON person (key_id);"
    "CREATE TABLE chore (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;";

/* Of a great register few are pending, and they are looked for all the time; who is forgotten must
 * have no phone. */
static const char pending_step[] =
    "CREATE INDEX person_pending ON person (id) WHERE outcome = 'pending';"
    "CREATE INDEX device_person ON device (person);";

/* What phones signed, whole: "evidence" of records is its SHA-256 in hex, seq the first of them,
 * and the others of the operation follow it at once. A login has one: no index but the row's place.
 * What they asked with a key of its own is answered again for a day; the answers are sealed
 * (server/store/signed.c). */
static const char signed_step[] =
    "CREATE TABLE proof (seq INTEGER PRIMARY KEY, proof TEXT NOT NULL) STRICT;"
    "CREATE TRIGGER proof_no_update BEFORE UPDATE ON proof BEGIN SELECT RAISE (ABORT,"
    " 'proofs are never changed'); END;"
    "CREATE TRIGGER proof_no_delete BEFORE DELETE ON proof BEGIN SELECT RAISE (ABORT,"
    " 'proofs are never deleted'); END;"
    "CREATE TABLE answer (device INTEGER NOT NULL REFERENCES device,"
    " key BLOB NOT NULL CHECK (length(key) = 32),"
    " request BLOB NOT NULL CHECK (length(request) = 32), kept_ms INTEGER NOT NULL,"
    " err TEXT NOT NULL, tries INTEGER NOT NULL, sealed TEXT NOT NULL,"
    " PRIMARY KEY (device, key)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX answer_kept ON answer (kept_ms);";

/* What stood on a day that is over. A certificate that ended keeps the unit's name as it was then;
 * a live one's is the unit's. */
static const char version_step[] =
    "ALTER TABLE unit ADD COLUMN ended_ms INTEGER;"
    "ALTER TABLE certificate ADD COLUMN ended_ms INTEGER;"
    "ALTER TABLE certificate ADD COLUMN name TEXT NOT NULL DEFAULT '';"
    "CREATE INDEX certificate_unit ON certificate (unit);";

static const char *const steps[] = { register_step, login_step, usage_step, refusal_step,
	client_step, grant_step, seal_step, pending_step, signed_step, version_step };

#define TEXT_OF(number) TEXT_OF_(number)
#define TEXT_OF_(number) #number

const struct up_db_schema up_schema_sqlite = {
	.mark = "PRAGMA application_id=" TEXT_OF(UP_SCHEMA_SQLITE_APPLICATION) ";"
	    "CREATE TABLE schema_version (version INTEGER PRIMARY KEY,"
	    " applied_s INTEGER NOT NULL, probed_ms INTEGER) STRICT",
	.steps = steps,
	.n = UP_ARRAY_LEN(steps),
	.scrub = { "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)" },
};
