/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UP_BENCH_PHONES_H
#define UP_BENCH_PHONES_H

#include <stdbool.h>
#include <stddef.h>

#include "http.h"

#include "core/dpop.h"
#include "core/jwk.h"

/* Phones for load generators: doc/PROTOCOL.md, "The phone".  They are enrolled
 * over HTTP as any phone is, and kept in a file, so that many runs can use
 * them.  All have one certificate password: stretching it is the phone's
 * work and no part of what is measured. */
struct up_bench_phone {
	struct up_jwk *key;
	char token[44];
};

struct up_bench_phones {
	char issuer[200];
	char password[44];	/* stretched, base64url */
	size_t n;
	struct up_bench_phone *phones;
};

/* Enrol one phone for each line {"text", "person"} of CODES at the server that
 * listens at ADDR, and write all to FILE (mode 0600).  False: said why. */
bool up_bench_phones_enrol(
    const char *addr, const char *issuer, const char *codes, const char *file);
bool up_bench_phones_load(const char *file, struct up_bench_phones **out);
void up_bench_phones_free(struct up_bench_phones **);

/* A connection on which phones call, one call at a time. */
struct up_bench_caller {
	const struct up_bench_phones *phones;
	struct up_bench_conn *conn;		/* the caller's */
	struct up_bench_response *res;		/* the caller's; its field 0 is DPoP-Nonce */
	char nonce[64];
};

/* A GET without BODY, else a POST, whose proof signs it. CHANGE: the call has an
 * idempotency key, as the reference phone's have. */
struct up_bench_call {
	const char *path;		/* with its query */
	const char *body;
	const struct up_decision *decision;	/* that the proof carries; or NULL */
	bool change;
};
/* The JSON answer of 200, the caller's; or NULL: said why. A nonce that has aged
 * is taken anew, once. */
json_t *up_bench_phone_call(struct up_bench_caller *, const struct up_bench_phone *,
    const struct up_bench_call *);

/* What a scan told, as the decision repeats it. */
struct up_bench_view {
	char transaction[32], client[64], origin[200], item[64], nonce[64], frame[16];
	char unit[20], certificate[64], role[16];
	long long expires;
};

/* Scan TEXT; and approve what was scanned.  Each is one call.  False: said why. */
bool up_bench_phone_scan(struct up_bench_caller *, const struct up_bench_phone *, const char *text,
    struct up_bench_view *out);
bool up_bench_phone_approve(struct up_bench_caller *, const struct up_bench_phone *,
    const struct up_bench_view *);

#endif
