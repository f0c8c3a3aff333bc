/* SPDX-License-Identifier: Apache-2.0
 * Usage records (证书使用记录) and change records (证书变动): one struct, one canonical byte form,
 * which is what is stored, hashed (RFC 6962 leaf: SHA-256(0x00 || bytes)) and exported. Canonical:
 * one JSON object, members in ASCII order of name, no spaces, minimal escapes, integers in decimal,
 * absent members left out (RFC 8785 for this shape). */
#ifndef UP_RECORD_H
#define UP_RECORD_H

#include <jansson.h>

#include "core/span.h"

#define UP_RECORD_ID 22                  /* base64url of 128 random bits */

struct up_record {
	int64_t seq;                     /* assigned by the store, 1.. without gaps */
	int64_t time_ms;                 /* server time, UTC; never before the record before it */
	/* what the clock showed, if it was set back behind the record before; else 0 */
	int64_t clock_ms;
	struct up_span id;               /* 22 characters */
	struct up_span event;            /* one of up_record_event */
	struct up_span result;           /* ok refused expired: what became of it */
	struct up_span reason;           /* up_err_name() or "" */
	int64_t count;              /* of counted refusals: so many alike that day, with this one */
	/* 22 characters: ties one login's records together; not a secret */
	struct up_span transaction;
	/* hex SHA-256[0..16) of the handle or code, never the code */
	struct up_span code_hash;
	struct up_span unit_code, unit_name;       /* as then */
	struct up_span certificate; int64_t certificate_version;
	struct up_span holder_ref, person_ref, person_name /* masked */, role, grant, grantor,
	    items /* space-separated */, period;
	struct up_span device;           /* reference */
	struct up_span client, client_name, client_origin, item, purpose, business, window,
	    operator_;
	struct up_span channel;          /* animated-qr static-qr user-code window phone */
	struct up_span initiator_ip, initiator_agent /* safe text */, browser, holder_ip;
	/* how the person's identity was checked: platform, roster, formats */
	struct up_span assurance;
	struct up_span disclosed;        /* space-separated claim names that the portal received */
	struct up_span session;          /* sid */
	struct up_span evidence;         /* hex SHA-256 of the device-signed decision */
	struct up_span before, after;    /* of a change, JSON text or "" */
};

/* What an event is about (rule 25). */
enum up_record_kind {
	UP_RECORD_UNKNOWN,               /* there is no such event */
	UP_RECORD_OTHER,                 /* neither, as a look at a code, or a new portal */
	UP_RECORD_USE,                   /* login, signing, presentation, verification */
	UP_RECORD_CHANGE                 /* of unit and certificate, holders, grants, phones */
};
enum up_record_kind up_record_kind(struct up_span event);
/* All events in turn: the name of the one at I, NULL after the last. */
const char *up_record_event(size_t i);

/* Append the canonical bytes. Fields hold valid UTF-8 (UP_E_UTF8 otherwise). */
UP_MUST_USE enum up_err up_record_put(struct up_buf *, const struct up_record *);
/* UP_E_CRYPTO (no memory): HASH is all zeros then, which is no leaf; nothing may be stored or
 * answered with it. */
UP_MUST_USE enum up_err up_record_leaf(struct up_span canonical, uint8_t hash[32]);

#endif
