/* SPDX-License-Identifier: Apache-2.0
 * A record and its proof, checked by a third party: whatever is changed is named. */
#include "core/proof.h"

#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "core/record.h"
#include "core/text.h"
#include "test_dpop.h"

#define BODY "{\"transaction\":\"t\"}"

struct made {
	struct up_buf record, proof;
	char leaf[44];
	struct up_span body;
	struct up_proof p;
};

static struct up_decision said(void)
{
	return (struct up_decision){ UP_SPAN_LIT("tttttttttttttttttttttt"), UP_SPAN_LIT("portal"),
		UP_SPAN_LIT("https://portal.example.org"), UP_SPAN_LIT("https://id.example.org"),
		UP_SPAN_LIT("12430000100000016Y"), UP_SPAN_LIT("CERT-1"), UP_SPAN_LIT("user"),
		UP_SPAN_LIT("annual-report"), UP_SPAN_LIT("n"), UP_SPAN_LIT("17"),
		UP_SPAN_LIT("approve"), NOW + 60 };
}

static struct up_record recorded(void)
{
	const struct up_decision d = said();

	return (struct up_record){ .seq = 7, .time_ms = NOW * 1000LL,
		.id = UP_SPAN_LIT("abcdefghijklmnopqrstuv"), .event = UP_SPAN_LIT("login.approve"),
		.result = UP_SPAN_LIT("ok"), .transaction = d.transaction, .client = d.client,
		.client_origin = d.origin, .unit_code = d.unit, .certificate = d.certificate,
		.role = d.role, .item = d.item, .device = UP_SPAN_LIT("dddddddddddddddddddddd") };
}

static void hash_text(struct up_span of, bool hex, char out[65])
{
	uint8_t hash[32];

	CU_ASSERT_EQUAL_FATAL(up_hash_sha256(&of, 1, hash), UP_OK);
	if (hex)
		up_text_hex(up_span_of(hash, 32), out);
	else
		up_text_b64url(up_span_of(hash, 32), out);
	out[hex ? 64 : 43] = '\0';
}

/* The proof of D (NULL: of BODY alone) by KEY, and R that names it. */
static void make(struct made *m, struct up_record r, const struct up_decision *d)
{
	struct up_dpop_make mk = maker();
	char evidence[65];
	uint8_t leaf[32];

	memset(m, 0, sizeof(*m));
	m->body = UP_SPAN_LIT(BODY);
	mk.decision = d;
	mk.body = &m->body;
	CU_ASSERT_EQUAL_FATAL(up_dpop_make(&mk, &m->proof), UP_OK);
	hash_text(up_buf_span(&m->proof), true, evidence);
	r.evidence = up_span_str(evidence);
	CU_ASSERT_EQUAL_FATAL(up_record_put(&m->record, &r), UP_OK);
	CU_ASSERT_EQUAL_FATAL(up_record_leaf(up_buf_span(&m->record), leaf), UP_OK);
	up_text_b64url(up_span_of(leaf, 32), m->leaf);
	m->leaf[43] = '\0';
	m->p = (struct up_proof){ .record = up_buf_span(&m->record),
		.leaf_hash = up_span_str(m->leaf), .proof = up_buf_span(&m->proof),
		.device = UP_SPAN_LIT("dddddddddddddddddddddd"), .body = &m->body };
	up_jwk_public(key, m->p.key);
}

static void unmake(struct made *m)
{
	up_buf_free(&m->record);
	up_buf_free(&m->proof);
}

static bool names(const struct made *m, const char *wrong)
{
	struct up_proof_seen seen;
	enum up_err err = up_proof_check(&m->p, &seen);
	bool right = wrong == NULL
	    ? err == UP_OK && seen.wrong == NULL
	    : err == UP_E_SIGNATURE && seen.wrong != NULL && strcmp(seen.wrong, wrong) == 0;

	if (!right)
		printf("want %s, got %s\n", wrong != NULL ? wrong : "-",
		    seen.wrong != NULL ? seen.wrong : "-");
	up_proof_free(&seen);
	return right;
}

static void test_good(void)
{
	const struct up_decision d = said();
	struct up_proof_seen seen;
	struct made m;

	make(&m, recorded(), &d);
	CU_ASSERT_EQUAL(up_proof_check(&m.p, &seen), UP_OK);
	CU_ASSERT(seen.decided && up_span_eq_str(seen.decision.decision, "approve"));
	CU_ASSERT(json_object_get(seen.record, "evidence") != NULL);
	up_proof_free(&seen);
	m.p.body = NULL;
	CU_ASSERT(names(&m, NULL));
	unmake(&m);
}

/* Each byte of what is handed on, one after the other. */
static void test_each_byte(void)
{
	const struct up_decision d = said();
	struct made m;

	make(&m, recorded(), &d);
	for (size_t i = 0; i < m.record.n; i++) {
		m.record.p[i] ^= 1;
		CU_ASSERT(names(&m, "leaf_hash"));
		m.record.p[i] ^= 1;
	}
	for (size_t i = 0; i < m.proof.n; i++) {
		m.proof.p[i] ^= 1;
		CU_ASSERT(names(&m, "evidence"));
		m.proof.p[i] ^= 1;
	}
	for (size_t i = 0; i < 43; i++) {
		m.leaf[i] ^= 1;
		CU_ASSERT(names(&m, "leaf_hash"));
		m.leaf[i] ^= 1;
	}
	for (size_t i = 0; i < 64; i++) {
		m.p.key[i] ^= 1;
		CU_ASSERT(names(&m, "key"));
		m.p.key[i] ^= 1;
	}
	m.body = UP_SPAN_LIT(BODY " ");
	CU_ASSERT(names(&m, "body"));
	m.p.body = NULL;
	m.p.device = UP_SPAN_LIT("eeeeeeeeeeeeeeeeeeeeee");
	CU_ASSERT(names(&m, "device"));
	unmake(&m);
}

/* A record that was made up, with a hash and evidence that fit: it says other than she signed. */
static void test_made_up(void)
{
	const struct up_decision d = said();
	const struct { const char *wrong; size_t at; } rows[] = {
		{ "transaction", offsetof(struct up_record, transaction) },
		{ "client", offsetof(struct up_record, client) },
		{ "origin", offsetof(struct up_record, client_origin) },
		{ "unit", offsetof(struct up_record, unit_code) },
		{ "certificate", offsetof(struct up_record, certificate) },
		{ "role", offsetof(struct up_record, role) },
		{ "item", offsetof(struct up_record, item) },
		{ "device", offsetof(struct up_record, device) },
	};
	struct up_record r;
	struct made m;

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		r = recorded();
		*(struct up_span *)(void *)((char *)&r + rows[i].at) = UP_SPAN_LIT("other");
		make(&m, r, &d);
		UP_CHECK(names(&m, rows[i].wrong), rows[i].wrong);
		unmake(&m);
	}
	r = recorded();
	r.event = UP_SPAN_LIT("login.deny");
	make(&m, r, &d);
	CU_ASSERT(names(&m, "decision"));
	unmake(&m);
	make(&m, recorded(), NULL);
	CU_ASSERT(names(&m, "decision"));
	unmake(&m);
	r = recorded();
	r.time_ms += 181000;
	make(&m, r, &d);
	CU_ASSERT(names(&m, "iat"));
	unmake(&m);
}

/* Somebody else's signature under this phone's head; and a change without a decision. */
static void test_signature(void)
{
	struct up_record r = recorded();
	struct made m;

	r.event = UP_SPAN_LIT("people.add");
	make(&m, r, NULL);
	CU_ASSERT(names(&m, NULL));
	/* the bytes fit, the signature does not: its first character is another */
	m.proof.p[m.proof.n - 86] = m.proof.p[m.proof.n - 86] == 'A' ? 'B' : 'A';
	{
		struct made n = m;
		char evidence[65];
		uint8_t leaf[32];

		hash_text(up_buf_span(&m.proof), true, evidence);
		r.evidence = up_span_str(evidence);
		up_buf_reset(&m.record);
		CU_ASSERT_EQUAL(up_record_put(&m.record, &r), UP_OK);
		CU_ASSERT_EQUAL(up_record_leaf(up_buf_span(&m.record), leaf), UP_OK);
		up_text_b64url(up_span_of(leaf, 32), n.leaf);
		n.p.record = up_buf_span(&m.record);
		n.p.leaf_hash = up_span_of(n.leaf, 43);
		CU_ASSERT(names(&n, "signature"));
	}
	unmake(&m);
}

UP_SUITE("proof", test_good, test_each_byte, test_made_up, test_signature)
