/* SPDX-License-Identifier: Apache-2.0
 * One enumeration of everything that can go wrong, and the one table that
 * turns it into an HTTP status, an OAuth error code and a text that says what
 * to do.  Handlers spell none of the three. */
#ifndef UP_ERR_H
#define UP_ERR_H

#define UP_MUST_USE __attribute__((warn_unused_result))

enum up_err {
	UP_OK = 0,
	/* the caller's request */
	UP_E_REQUEST,      /* malformed, missing, duplicate or oversized parameter */
	UP_E_UTF8,         /* text that is not valid UTF-8, or holds NUL */
	UP_E_TYPE,         /* wrong Content-Type */
	UP_E_TOO_LARGE,
	UP_E_HEADERS,    /* body, header or nesting over its bound */
	UP_E_NOT_FOUND,    /* no such route or object */
	UP_E_METHOD,       /* route exists, method does not */
	UP_E_REUSED,       /* an Idempotency-Key that came with another request before */
	UP_E_RATE,         /* too many requests from this source */
	/* clients (RFC 6749 section 5.2) */
	UP_E_CLIENT,       /* client unknown or its authentication failed: one answer */
	UP_E_ASSERTION,    /* of before we knew which were used: another one is taken */
	UP_E_UNAUTHORIZED_CLIENT, /* authenticated, but may not do this */
	UP_E_GRANT_TYPE,   /* unsupported grant_type */
	UP_E_SCOPE,        /* unknown scope */
	UP_E_ITEM,         /* item not in the catalogue or not the client's */
	UP_E_GRANT,        /* invalid_grant: unknown, foreign or used code: one answer */
	/* device grant (RFC 8628 section 3.5) */
	UP_E_PENDING,      /* authorization_pending */
	UP_E_SLOW_DOWN,    /* slow_down */
	UP_E_DENIED,       /* access_denied */
	UP_E_EXPIRED,      /* expired_token */
	/* the scan */
	UP_E_CODE,         /* QR unknown, expired, used, stale or foreign: one answer */
	UP_E_STATE,        /* the step does not fit the transaction's state */
	/* phones */
	UP_E_PROOF,        /* DPoP proof missing or wrong (RFC 9449: invalid_dpop_proof) */
	UP_E_NONCE,        /* RFC 9449 section 8: use_dpop_nonce */
	UP_E_NO_TOKEN,
	UP_E_TOKEN,        /* device or access token unknown, expired or revoked */
	UP_E_ENDED,        /* this phone's key was ended: another phone took its place (rule 28) */
	UP_E_REPLAY,       /* jti seen before */
	UP_E_SIGNATURE,    /* a signature or MAC does not verify */
	UP_E_PASSWORD,     /* wrong certificate password; tries are counted (rule 27) */
	UP_E_LOCKED,       /* six consecutive errors: password locked (rule 27) */
	UP_E_WEAK,         /* trivial password refused (rule 27) */
	UP_E_PERSON,       /* scanning person is not the person named (rule 8) */
	UP_E_STATEMENT,    /* download statement not agreed, or another version (rule 8) */
	UP_E_ROLE,         /* person, role, unit or certificate is not live */
	UP_E_ITEM_GRANT,   /* the role lacks a live grant for the item (rule 20) */
	/* who may act for a unit */
	UP_E_SUSPENDED,    /* a principal who is to be confirmed anew (rule 28) */
	UP_E_AUTHORISE,    /* a manager without the permission to authorise users (rule 14) */
	UP_E_MANAGERS,     /* there are three managers, waiting ones counted (rule 3) */
	UP_E_OTHER_ROLE,   /* the person has another role in this unit (rule 10) */
	UP_E_UNCHECKED,    /* the real-name check of this person has no answer yet (rule 5) */
	UP_E_MISMATCH,     /* the population platform knows the number by another name (rule 5) */
	UP_E_NO_PERSON,    /* it does not know the number (rule 5) */
	UP_E_PERIOD_PAST,  /* a grant that would begin before today (rule 16) */
	UP_E_PERIOD_SHORT, /* ... end before it begins */
	UP_E_PERIOD_LONG,  /* ... last longer than a year */
	UP_E_PERIOD_OVER,  /* it ended while its scan was awaited (rule 17) */
	/* values (DOMAIN formats) */
	UP_E_FORMAT,       /* wrong alphabet or length */
	UP_E_CHECK,        /* check character wrong */
	UP_E_RANGE,        /* well formed, but impossible: 19880230, a future date */
	UP_E_CHARACTER,    /* invisible, or only looks like what belongs there (core/normal.h) */
	/* tokens and keys */
	UP_E_ALG,          /* algorithm not on the allow-list */
	UP_E_KEY,          /* unknown key id or unusable key */
	UP_E_CLAIM,        /* a claim is missing or does not fit */
	/* this side */
	UP_E_STORE,        /* durable store or usage log failed: nothing was done */
	UP_E_LIVE,         /* short-lived state cannot be reached; a step may or may not be done */
	UP_E_CLOCK,        /* no login without a clock that is right: nothing was done */
	UP_E_BUSY,         /* bounded memory is full, or shutting down */
	UP_E_NOMEM,
	UP_E_IO,           /* file or network */
	UP_E_UPSTREAM,     /* the server a portal talks to cannot be reached */
	/* it answers, but its answer does not do: refused client, missing claim, wrong metadata */
	UP_E_PROVIDER,
	UP_E_CONFIG,
	UP_E_CRYPTO,       /* the cryptographic library failed */
	UP_E_N
};

/* What the outside is told.  Every value of enum up_err has a row. */
struct up_reply {
	int http;            /* HTTP status */
	const char *oauth;   /* "error" member */
	const char *en;      /* "error_description": what happened and what to do */
	const char *zh;      /* the same for people, zh-CN */
};

/* The row of E; an out-of-range E gives the row of a 500. Never NULL. */
const struct up_reply *up_err_reply(enum up_err err);

/* Short stable name for logs and records: "stale_frame" style, never NULL. */
const char *up_err_name(enum up_err err);
/* The error of this name; UP_E_N: none has it. */
enum up_err up_err_named(const char *name);

#endif
