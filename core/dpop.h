/* SPDX-License-Identifier: Apache-2.0
 * DPoP proofs (RFC 9449 section 4) and the decision that such a proof carries. */
#ifndef UP_DPOP_H
#define UP_DPOP_H

#include "core/json_put.h"
#include "core/jwt.h"

/* What the proof must say: the request it came with. */
struct up_dpop_expect {
	const char *method;              /* htm */
	struct up_span url;              /* issuer || path: htu names the same (core/uri.h) */
	/* presented device token: ath must be its SHA-256; empty: ath must be absent */
	struct up_span token;
	/* the device's registered key: header jwk must have its thumbprint. NULL: any key
	 * (enrolment) */
	const struct up_jwk *key;
	/* what was sent: bh must be its SHA-256; NULL: nobody asks for bh */
	const struct up_span *body;
	int64_t now_s;                   /* iat within 60 s */
};

struct up_dpop {
	struct up_jwt jwt;               /* owned */
	struct up_jwk *key;              /* owned when expect.key was NULL, else NULL */
	/* borrowed from jwt; nonce empty when absent; the caller checks it BEFORE up_dpop_verify
	 * spends a signature */
	struct up_span jti, nonce;
};

/* Everything but the signature and the nonce's value: typ dpop+jwt, alg, one jwk without private
 * part, htm, htu, iat, jti (16-128 bytes), ath, bh. UP_E_PROOF for every failure. The caller frees
 * *OUT in all cases. */
UP_MUST_USE enum up_err up_dpop_parse(
    struct up_span proof, const struct up_dpop_expect *, struct up_dpop *out);
/* The signature, by the registered key or at enrolment the header's own: UP_E_PROOF. */
UP_MUST_USE enum up_err up_dpop_verify(const struct up_dpop *, const struct up_dpop_expect *);
void up_dpop_free(struct up_dpop *);

/* The decision (SECURITY 9): member "decision" of the proof on POST /holder/decisions. Every member
 * is a string but exp; the server compares each with what it knows, so that any changed byte fails.
 */
struct up_decision {
	struct up_span transaction, client, origin, issuer, unit, certificate, role,
	    item /* "" when none */, nonce,
	    frame /* "t" of the scanned frame in decimal, "static", or "code" */,
	    decision /* "approve" "deny" "not_mine" */;
	int64_t exp;                     /* seconds; not after the transaction's own deadline */
};
void up_decision_put(struct up_json_put *, const struct up_decision *);  /* "decision":{...} */
/* Borrowed from CLAIMS. UP_E_PROOF: missing, wrong type, an unknown member. */
UP_MUST_USE enum up_err up_decision_parse(const json_t *claims, struct up_decision *out);
/* UP_OK, or UP_E_SIGNATURE when any member but DECISION differs or exp has passed at NOW_S or lies
 * after WANT->exp. */
UP_MUST_USE enum up_err up_decision_match(
    const struct up_decision *got, const struct up_decision *want, int64_t now_s);

/* The phone's side. Appends the proof. */
struct up_dpop_make {
	const struct up_jwk *key;
	const char *method;
	struct up_span url, token, nonce, jti;
	const struct up_decision *decision;      /* that it carries; NULL: none */
	/* that it goes with: the proof's bh, base64url of the SHA-256, signs all that is asked
	 * (SECURITY 31); NULL: none */
	const struct up_span *body;
	int64_t now_s;
};
UP_MUST_USE enum up_err up_dpop_make(const struct up_dpop_make *, struct up_buf *out);

#endif
