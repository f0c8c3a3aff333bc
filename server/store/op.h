/* SPDX-License-Identifier: Apache-2.0
 * What is written, as operations: one struct each, which says what is asked and what came of it.
 * There is no other way to change the database, from the command line neither, and none without a
 * record: the store appends it itself, in the same transaction.
 *
 * A new operation is a struct here, a kind, a row in op.c's table, and its rules in a file of its
 * concept. The tests of failing stores walk the kinds, and miss one that they do not try. */
#ifndef UP_OP_H
#define UP_OP_H

#include "core/grant.h"
#include "core/unit.h"
#include "server/store/people.h"

enum up_op_kind {
	UP_OP_RECORD,
	UP_OP_OPEN,
	UP_OP_DECIDE,
	UP_OP_REDEEM,
	UP_OP_REPLAY,
	UP_OP_ENROL,
	UP_OP_DEVICE_END,
	UP_OP_CODE,
	UP_OP_PEOPLE_ADD,
	UP_OP_PEOPLE_CODE,
	UP_OP_PEOPLE_DELETE,
	UP_OP_GRANT_ADD,
	UP_OP_GRANT_CANCEL,
	UP_OP_PHONE_END,
	UP_OP_REALNAME,
	UP_OP_AUTHORITY,
	UP_OP_UNITS,
	UP_OP_UNIT_CHANGE,
	UP_OP_UNIT_RENEW,
	UP_OP_UNIT_CANCEL,
	UP_OP_HOLDER_END,
	UP_OP_CLIENT_ADD,
	UP_OP_CLIENT_ROTATE,
	UP_OP_CLIENT_SET,
	UP_OP_ITEM,
	UP_OP_ITEM_END,
	UP_OP_CLOCK,
	UP_OP_DATA_KEY,
	UP_OPS
};

/* A request with a key of its own (SECURITY 32): a phone that asks the same again under the same
 * KEY within UP_AGAIN_MS is answered as the first time, and nothing is done; whatever it asked, and
 * whatever came of it that is on record. Something else under this KEY, with the right password:
 * UP_E_REUSED, with a wrong one UP_E_PASSWORD, which counts; on a locked phone both are
 * UP_E_LOCKED. Of an operation that begins with struct up_op_by. The caller fills the upper part;
 * free OUT. */
struct up_op;
#define UP_AGAIN_MS (24 * 3600 * INT64_C(1000))
struct up_again {
	int64_t device;
	uint8_t key[32], request[32];    /* hashes: of the key, of all that was asked */
	/* Append what is answered to OP, which is good and has its records. Called on the thread
	 * that writes, inside the transaction, and again when that has to run again. */
	void (*answer)(struct up_op *op, struct up_buf *out);
	unsigned *tries;                 /* of OP, what is left after a wrong password; or NULL */

	/* It was asked before: then that is what the operation's err says, and TRIES. */
	bool found;
	enum up_err err;
	struct up_buf out;               /* the answer to a good one, now or then */
};

/* The head of every operation, and the first member of its struct. The caller fills the upper part,
 * zeroes the rest, and keeps all it points to until DONE. A refusal on the merits (wrong password,
 * role not live ...) still appends the record, with result "refused" and the reason, and ERR says
 * why; on UP_E_STORE nothing was written, but that it may have been where UNSURE. An administrator
 * who is refused has written nothing either, and no record tells of it; his records name him
 * (up_store_settings.administrator), and he dates nothing before the newest record (UP_E_CLOCK). */
struct up_op {
	enum up_op_kind kind;
	/* From the writer thread, after the commit: it may free the operation, or submit it again.
	 * NULL with up_store_run. */
	void (*done)(struct up_op *);
	void *arg;
	int64_t now_ms;
	/* What the caller knows. The store numbers it, and fills in what the operation finds out
	 * itself (unit, holder, person, certificate, role, phone, assurance) where it is empty. */
	struct up_record record;
	/* Whose refusals are counted rather than recorded one by one (a phone's reference, or a
	 * word for all strangers), so that nobody can make the log grow at will: a refusal is
	 * appended, with the count, when those alike that day are 1, 2, 4, 8 ... Empty: each is
	 * recorded. */
	struct up_span refused_by;
	/* What the phone signed, whole: kept with the records of this operation, whose "evidence"
	 * is its SHA-256. Empty: nothing. */
	struct up_span proof;
	struct up_again *again;          /* NULL: the request has no key of its own */

	/* what came of it */
	enum up_err err;
	/* UP_E_STORE: the connection was cut in the commit, and nobody could be asked any more
	 * whether it was kept. The caller gives away nothing that rests on it, and does not ask for
	 * it again as if it had never been: it might be there twice. */
	bool unsure;
	bool counted;                    /* a refusal that was counted, without a record */
	int64_t out_seq;                 /* of the record, 0: none */
	uint8_t out_leaf[32];            /* its leaf hash */

	struct up_op *next;              /* the store's */
};

/* Was it asked before? Sets what was answered. UP_E_REUSED: something else was, under this key. An
 * operation with it asks again, inside its transaction. */
UP_MUST_USE enum up_err up_store_again(struct up_store *, struct up_again *, int64_t now_ms);

/* UP_E_BUSY: the queue is full or closing: DONE is not called. */
UP_MUST_USE enum up_err up_store_submit(struct up_store *, struct up_op *);
/* Waits for the commit; gives err. */
enum up_err up_store_run(struct up_store *, struct up_op *);
/* Free and wipe what an operation that was run still holds: a role, a password. */
void up_op_clear(struct up_op *);

/* --- a login --- */

/* Append the record, nothing else. */
struct up_op_record {
	struct up_op op;
	/* Who it was, where the caller knows them by number only: DEVICE, or 0; ROLE, or 0 for the
	 * only one that the phone holds. The record is made whatever became of them. */
	int64_t device, role;
};

/* Approve a login (password, role, client; then the record), or decline it (the record alone).
 * UNSURE: the login is given up, and that is recorded. */
struct up_op_decide {
	struct up_op op;
	int64_t device;
	/* The edge by which she acts; or, of a user, another of hers in this unit on this phone,
	 * when that has a live grant for ITEM and this one has none: out_role says which. */
	int64_t role;
	struct up_span item;             /* for which the role must be good (rule 20); or empty */
	bool approve;
	uint8_t password[32];            /* the stretched password; wiped by the store when used */

	unsigned tries_left;             /* UP_E_PASSWORD */
	struct up_role *out_role;        /* approved; the caller's */
	int64_t out_grant;               /* by which she acts; 0: needs none */
};

/* Role again, a new session, then the record. UP_E_STATE: there is such a session. UNSURE: the
 * login is given up, and SESSION revoked, which nobody has a token of. */
struct up_op_redeem {
	struct up_op op;
	int64_t device, role;
	struct up_span item;             /* as above */
	/* By which she decided: when it died since, no other one stands in for it. 0: whichever she
	 * has now, if she needs one. */
	int64_t grant;
	char session[UP_STORE_REF + 1];  /* the new id */

	struct up_role *out_role;        /* the caller's; for a user not always the edge asked for:
					  * see up_op_decide */
	struct up_chain *out_chain;      /* by what right she acts, as it stands now; so is this */
};

/* Revoke SESSION (there may be none), then the record. DEVICE, ROLE: whose it was. UNSURE: it is
 * done again, for no session may live on; one that is revoked has its record, and gets no other. */
struct up_op_replay {
	struct up_op op;
	int64_t device, role;
	char session[UP_STORE_REF + 1];
};

/* --- a phone --- */

/* Somebody who says that she is NAMED looks at what a code gives: as up_store_enrolment, but that a
 * mismatch counts, and that it is recorded. A code that was ours counts for itself, not for
 * refused_by. */
struct up_op_open {
	struct up_op op;
	uint8_t code_hash[32];
	const struct up_named *named;

	struct up_enrolment *out_enrolment;      /* UP_OK: what she sees; the caller's */
};

/* Use up the code, register the phone with its password or ask a known one for it; the role
 * lives, and the grants that the code takes with it (rule 17; UP_E_PERIOD_OVER: the one that it
 * names is over). UNSURE: the phone hears that it failed, and does not know its token; if it was
 * kept, the code is used up and the role rests with a phone that nobody can use, until there is
 * another code. */
struct up_op_enrol {
	struct up_op op;
	uint8_t code_hash[32];
	const struct up_named *named;
	struct up_span statement_version;
	int64_t device;                  /* a known phone; 0: a new one, which is */
	struct up_span device_ref, device_name;
	uint8_t device_token_hash[32], device_key[64];
	uint8_t password[32];            /* as above */
	bool unlock;                     /* PASSWORD is a new one, in the place of a locked one */

	unsigned tries_left;
	struct up_role *out_role;        /* the caller's */
	int64_t out_device;
};

/* An administrator ends the phone REF: its key, sessions and codes end at once; its roles wait for
 * another phone. UP_E_NOT_FOUND; UP_E_STATE: ended already. One record for each unit in which it
 * holds a role. */
struct up_op_device_end {
	struct up_op op;
	struct up_span ref;
};

/* --- the window --- */

/* The window writes the principal (rules 2, 5, 6): person, holder and role edge come to be (not
 * live until enrolled), and a code. OUTCOME of the real-name check: only "match" makes a code;
 * "unavailable" saves the person as pending and makes none (UP_E_PENDING); UP_E_PERSON: any other.
 * UP_E_NOT_FOUND: unit; UP_E_STATE: the unit has another live principal (delete her first), or is
 * live no more. A person who is already the unit's principal gets a new code (new phone: the old
 * one ends when this one is enrolled). All these are recorded. UP_E_REQUEST and what is wrong with
 * NAMED: not. */
struct up_op_code {
	struct up_op op;
	struct up_span unit, role /* principal */, outcome, assurance, clerk, window;
	struct up_named named;
	uint8_t code_hash[32];
	int64_t expires_ms;
	/* In the place of another who lives: she and all whom she authorised end (rule 13). */
	bool replace;
};

/* --- managers, users, grants, phones: by a holder on her phone --- */

/* The head of these, and the first member of their structs: who acts, by which edge, with her
 * password. Judged in this order, before anything is written: her role (UP_E_TOKEN, UP_E_ENDED,
 * UP_E_ROLE), whom it is about (UP_E_NOT_FOUND, one answer for who is of another unit, was ended,
 * is not hers to see, or never was), the password (UP_E_PASSWORD, UP_E_LOCKED; counted), and what
 * each says below. Refused, nothing but that count has changed. */
struct up_op_by {
	struct up_op op;
	int64_t device, role;
	uint8_t password[32];            /* the stretched password; wiped by the store when used */

	unsigned tries_left;             /* UP_E_PASSWORD */
};

/* A manager or a user comes to be, waiting, with a code for her phone (rules 3-5, 7, 10, 14).
 * OUTCOME of the real-name check as in up_op_code; "unavailable": she is there as pending, without
 * a code. UP_E_UNCHECKED: unavailable, and she is known with other data, which stay. UP_E_MISMATCH,
 * UP_E_NO_PERSON: what else it was. UP_E_MANAGERS: there are three. UP_E_OTHER_ROLE: she holds
 * another role in the unit. One whom the same grantor added before gets another code; UP_E_STATE:
 * not with another may_authorise. UP_E_REQUEST and what is wrong with NAMED: not recorded. */
struct up_op_people_add {
	struct up_op_by by;
	enum up_authority_role role;     /* UP_ROLE_MANAGER, UP_ROLE_USER */
	struct up_named named;
	struct up_span outcome, assurance;
	bool may_authorise;              /* of a manager */
	uint8_t code_hash[32];
	int64_t expires_ms;

	char out_ref[UP_STORE_REF + 1];  /* the holder's */
	const char *out_status;          /* "pending" (no code), "waiting", "live" */
};

/* Another code for the edge to REF (a holder's) that the one who acts made: it takes the edge and
 * those of its grants that wait now. Older codes of the edge end. UP_E_UNCHECKED: her real-name
 * check has no answer yet. */
struct up_op_people_code {
	struct up_op_by by;
	enum up_authority_role role;     /* as which she is asked for */
	struct up_span ref;
	uint8_t code_hash[32];
	int64_t expires_ms;
};

/* End the edges to REF that the one who acts may end (rules 10, 12, 13, 19), and all that stands on
 * them: codes, grants, the edges that they gave with theirs, phones that hold nothing more. One
 * record for each edge, that of REF last. */
struct up_op_people_delete {
	struct up_op_by by;
	enum up_authority_role role;
	struct up_span ref;

	struct up_ended {
		char ref[UP_STORE_REF + 1];
		enum up_authority_role role;
	} *out_ended;                    /* each edge, REF's own first; the caller's: free() */
	size_t out_n;
};

/* ITEMS from FROM_DAY to TO_DAY for each of USERS (holders' references), with a code each: it takes
 * the edge, if that waits, and makes the grant live (rules 15-17). Who has no edge by the one who
 * acts, but by a manager of the same unit, gets one, waiting, when the principal acts. All or none.
 * UP_E_ITEM: not in the catalogue; what core/grant says of the period; UP_E_REQUEST: none, too
 * many, or one twice. */
struct up_op_grant_add {
	struct up_op_by by;
	const struct up_span *users, *items;
	size_t n_users, n_items;
	uint32_t from_day, to_day;       /* yyyymmdd, both inclusive */
	const uint8_t (*code_hashes)[32];        /* N_USERS */
	int64_t expires_ms;

	struct up_granted {              /* in the order of USERS */
		char grant[UP_STORE_REF + 1];
		const char *status;      /* "waiting", or "pending": no code was made */
	} out_grants[UP_GRANT_USERS_MAX];
};

/* At once (rule 18). UP_E_STATE: it ended before. */
struct up_op_grant_cancel {
	struct up_op_by by;
	struct up_span grant;
};

/* End the phone REF: her own, or one that holds an edge which the one who acts may end. As
 * up_op_device_end otherwise. */
struct up_op_phone_end {
	struct up_op_by by;
	struct up_span ref;
};

/* --- the real-name check --- */

/* What the check said of a person who was pending (rule 5); ASKED is what it was asked about.
 * OUTCOME "match": she is confirmed, and with her all that waits for her. "mismatch", "not_found"
 * (UP_E_MISMATCH, UP_E_NO_PERSON): her waiting edges end, with codes and grants; who never was
 * anybody's holder is forgotten. One record for each edge, so that its unit finds it, or one of the
 * person alone. UP_E_STATE: she is not pending any more, or known by other data than was asked
 * about; nothing is recorded. */
struct up_op_realname {
	struct up_op op;
	int64_t person;                  /* her number, as up_store_pending gave it */
	const struct up_person *asked;
	struct up_span outcome, assurance;
};

/* --- what an administrator puts in --- */

/* Added, or another name; the same name again changes nothing. */
struct up_op_authority {
	struct up_op op;
	struct up_span code, name;
};

struct up_unit_row {                     /* one unit with its certificate, checked by the caller */
	struct up_span code, name;
	/* JSON text: purpose address legal_representative funding capital organiser */
	struct up_span fields;
	struct up_span authority, certificate;
	int64_t valid_from_s, valid_to_s;
};
/* All rows or none; a unit that is there already with the same content counts as unchanged, with
 * other content UP_E_STATE; UP_E_NOT_FOUND: authority. One record for each that is added. */
struct up_op_units {
	struct up_op op;
	const struct up_unit_row *rows;
	size_t n;
	/* NULL, or hears after each row how many are DONE: none of them is kept yet, and from the
	 * first again where the transaction has to run again. */
	void (*tell)(void *arg, size_t done);
	void *tell_arg;

	size_t added, bad;               /* BAD: which row was refused */
};

/* Of a unit that goes on: another version of its certificate, the one before ends (rule 28). With
 * another legal representative the principal is suspended, by a record of her own, and her open
 * codes end: a code that the window makes now confirms her. UP_E_NOT_FOUND; UP_E_STATE: the unit is
 * live no more, or the certificate's number is another's; UP_E_FORMAT: what core/unit tells. */
struct up_op_unit_change {
	struct up_op op;
	struct up_span code;
	const struct up_unit_change *change;

	size_t out_n;                    /* fields that differ; 0: nothing was written */
	bool out_suspended;              /* there is a principal, who has to be confirmed */
	int64_t out_version;
	/* UP_E_FORMAT: the first problem */
	enum up_unit_field bad;
	const char *bad_en, *bad_zh;
};

/* As core/unit says when and for how long (rule 30): another version, the one before ends.
 * UP_E_NOT_FOUND, UP_E_STATE as above; UP_E_RANGE: too early; UP_E_EXPIRED: too late. */
struct up_op_unit_renew {
	struct up_op op;
	struct up_span code;

	int64_t out_from_s, out_to_s, out_version;
};

/* Unit and certificate end, and all that stood on them at once (rule 28): edges with their codes
 * and grants, a record for each; phones that hold nothing more; sessions, by their edges.
 * UP_E_NOT_FOUND; UP_E_STATE: it was cancelled before. */
struct up_op_unit_cancel {
	struct up_op op;
	struct up_span code;

	size_t out_roles;                /* edges that ended */
};

/* An administrator ends all edges of the holder REF, with what stands on them, as
 * up_op_people_delete does. UP_E_NOT_FOUND; UP_E_STATE: none stands. */
struct up_op_holder_end {
	struct up_op op;
	struct up_span ref;

	size_t out_roles;
};

/* UP_OP_CLIENT_ADD: UP_E_STATE: the id is taken. UP_OP_CLIENT_ROTATE: other credentials for the
 * client of this id: secret_hash and jwks, all else is not looked at. UP_E_NOT_FOUND: unknown or
 * removed. */
struct up_op_client {
	struct up_op op;
	const struct up_client *client;
};

/* To "live", "disabled" or "removed" (for good: the id is never given again). Sessions and codes of
 * a client that is not live are void, and stay so when it is enabled again. UP_E_NOT_FOUND: unknown
 * or removed; UP_E_STATE: it is in that state already. */
struct up_op_client_set {
	struct up_op op;
	struct up_span id;
	const char *status;
};

/* UP_E_CLIENT: unknown or removed; UP_E_STATE: the code is taken. */
struct up_op_item {
	struct up_op op;
	struct up_span code, name, client;
};

/* For good: what was granted for it is void at once, and its code is never given again.
 * UP_E_NOT_FOUND; UP_E_STATE: it ended before. */
struct up_op_item_end {
	struct up_op op;
	struct up_span code;
};

/* --- the data key --- */

/* An administrator has changed it: persons' data are sealed under KEY, the newest, and none under
 * another (up_store_reseal). UP_E_STATE: some are, after all. */
struct up_op_data_key {
	struct up_op op;
	struct up_span key;              /* its id */
};

/* --- the clock --- */

/* An administrator's word that NOW_MS is right, though NEWEST_MS, the date of the newest record,
 * may be later. Enrolment codes that would live longer by it than they may end. */
struct up_op_clock {
	struct up_op op;

	int64_t newest_ms;
};

#endif
