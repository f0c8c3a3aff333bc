/* SPDX-License-Identifier: Apache-2.0 */
#include "core/proof.h"

#include <string.h>

#include "core/hash.h"
#include "core/json.h"
#include "core/record.h"
#include "core/text.h"

#define HASH_CHARS 43
/* A proof is good for a minute (core/dpop.h); the clock may be set back by another under a record
 * (core/clock.h). */
#define APART_S 180

static struct up_span text_of(const json_t *o, const char *name)
{
	const json_t *v = json_object_get(o, name);

	return json_is_string(v) ? up_span_of(json_string_value(v), json_string_length(v))
				 : up_span_of(NULL, 0);
}

static enum up_err no(struct up_proof_seen *out, const char *what)
{
	out->wrong = what;
	return UP_E_SIGNATURE;
}

/* --- the record --- */

static enum up_err check_record(const struct up_proof *p, struct up_proof_seen *out)
{
	uint8_t leaf[32];
	char text[HASH_CHARS + 1];

	if (up_record_leaf(p->record, leaf) != UP_OK)
		return UP_E_CRYPTO;
	up_text_b64url(up_span_of(leaf, sizeof(leaf)), text);
	if (!up_span_eq(p->leaf_hash, up_span_of(text, HASH_CHARS)))
		return no(out, "leaf_hash");
	return up_json_parse(p->record, &out->record) == UP_OK ? UP_OK : no(out, "record");
}

static enum up_err check_evidence(const struct up_proof *p, struct up_proof_seen *out)
{
	uint8_t hash[32];
	char hex[65];

	if (up_hash_sha256(&p->proof, 1, hash) != UP_OK)
		return UP_E_CRYPTO;
	up_text_hex(up_span_of(hash, sizeof(hash)), hex);
	if (!up_span_eq(text_of(out->record, "evidence"), up_span_of(hex, 64)))
		return no(out, "evidence");
	return up_jwt_parse(p->proof, "dpop+jwt", &out->jwt) == UP_OK ? UP_OK : no(out, "proof");
}

/* --- who signed --- */

static enum up_err check_key(const struct up_proof *p, struct up_proof_seen *out)
{
	struct up_jwk *key = NULL;
	uint8_t named[64];
	enum up_err err;

	if (up_jwk_xy(json_object_get(out->jwt.header, "jwk"), true, named) != UP_OK ||
	    memcmp(named, p->key, sizeof(named)) != 0 ||
	    up_jwk_from_public(p->key, &key) != UP_OK)
		return no(out, "key");
	err = up_jwt_verify(&out->jwt, key);
	up_jwk_free(&key);
	if (err != UP_OK)
		return no(out, "signature");
	return up_span_eq(text_of(out->record, "device"), p->device) ? UP_OK : no(out, "device");
}

/* --- what --- */

static enum up_err check_time(struct up_proof_seen *out)
{
	const json_t *record = out->record;
	int64_t iat, ms = json_integer_value(json_object_get(record, "clock_ms"));

	if (ms == 0)
		ms = json_integer_value(json_object_get(record, "time_ms"));
	if (up_json_time(out->jwt.claims, "iat", &iat) != UP_OK || iat > ms / 1000 + APART_S ||
	    iat < ms / 1000 - APART_S)
		return no(out, "iat");
	return UP_OK;
}

static bool is_decision(struct up_span event)
{
	return up_span_eq_str(event, "login.approve") || up_span_eq_str(event, "login.deny");
}

/* That she denied is a record of its own; what she approved may have been refused yet. */
static enum up_err check_decision(struct up_proof_seen *out)
{
	const struct up_decision *d = &out->decision;
	const struct up_span event = text_of(out->record, "event");
	const struct { const char *member, *name; const struct up_span *said; } rows[] = {
		{ "transaction", "transaction", &d->transaction },
		{ "client", "client", &d->client },
		{ "client_origin", "origin", &d->origin },
		{ "unit_code", "unit", &d->unit },
		{ "certificate", "certificate", &d->certificate },
		{ "role", "role", &d->role },
		{ "item", "item", &d->item },
	};

	if (json_object_get(out->jwt.claims, "decision") == NULL)
		return is_decision(event) ? no(out, "decision") : UP_OK;
	if (!is_decision(event) || up_decision_parse(out->jwt.claims, &out->decision) != UP_OK ||
	    up_span_eq_str(d->decision, "approve") != up_span_eq_str(event, "login.approve"))
		return no(out, "decision");
	out->decided = true;
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++)
		if (!up_span_eq(text_of(out->record, rows[i].member), *rows[i].said))
			return no(out, rows[i].name);
	return UP_OK;
}

static enum up_err check_body(const struct up_proof *p, struct up_proof_seen *out)
{
	uint8_t hash[32];
	char text[HASH_CHARS + 1];

	if (p->body == NULL)
		return UP_OK;
	if (up_hash_sha256(p->body, 1, hash) != UP_OK)
		return UP_E_CRYPTO;
	up_text_b64url(up_span_of(hash, sizeof(hash)), text);
	return up_span_eq(text_of(out->jwt.claims, "bh"), up_span_of(text, HASH_CHARS))
		   ? UP_OK
		   : no(out, "body");
}

enum up_err up_proof_check(const struct up_proof *p, struct up_proof_seen *out)
{
	enum up_err err;

	memset(out, 0, sizeof(*out));
	err = check_record(p, out);
	if (err == UP_OK)
		err = check_evidence(p, out);
	if (err == UP_OK)
		err = check_key(p, out);
	if (err == UP_OK)
		err = check_time(out);
	if (err == UP_OK)
		err = check_decision(out);
	return err == UP_OK ? check_body(p, out) : err;
}

void up_proof_free(struct up_proof_seen *seen)
{
	json_decref(seen->record);
	up_jwt_free(&seen->jwt);
	memset(seen, 0, sizeof(*seen));
}
