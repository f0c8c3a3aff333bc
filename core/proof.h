/* SPDX-License-Identifier: Apache-2.0
 * A record and what a phone signed for it, as somebody who has neither server nor database checks
 * them: the record's hash, the proof that its evidence names, the phone's key, and that both say
 * the same. The server kept the proof as it came (SECURITY 31). */
#ifndef UP_PROOF_H
#define UP_PROOF_H

#include "core/dpop.h"

struct up_proof {                        /* borrowed */
	struct up_span record;           /* canonical bytes */
	struct up_span leaf_hash;        /* base64url, as receipts have it */
	struct up_span proof;            /* compact JWS */
	struct up_span device;           /* the phone's reference */
	uint8_t key[64];                 /* its public key as it was enrolled, x||y */
	const struct up_span *body;      /* of the call that was signed; NULL: nobody has it */
};

struct up_proof_seen {
	/* What does not fit, for people and scripts: "record" (no record at all), "leaf_hash" (of
	 * other bytes), "evidence" (the record names another proof, or none), "proof" (no proof at
	 * all), "key" (the proof names another), "signature", "device", "iat" (signed at another
	 * time), "body", or the member of the decision that the record does not have. NULL: all of
	 * it fits. */
	const char *wrong;
	json_t *record;                  /* owned */
	struct up_jwt jwt;               /* owned */
	struct up_decision decision;     /* borrowed from jwt */
	bool decided;                    /* it carries a decision */
};

/* UP_E_SIGNATURE: something does not fit, which WRONG says; UP_E_CRYPTO, UP_E_NOMEM. Free *OUT in
 * all cases. */
UP_MUST_USE enum up_err up_proof_check(const struct up_proof *, struct up_proof_seen *out);
void up_proof_free(struct up_proof_seen *);

#endif
