/* SPDX-License-Identifier: Apache-2.0 */
#include "module/rp/idtoken.h"

#include <openssl/rand.h>
#include <string.h>

#include "core/json.h"
#include "core/text.h"
#include "core/uscc.h"
#include "module/rp/provider.h"
#include "module/rp/session.h"

#define LEEWAY_S 60
#define MAX_AGE_S 3600                   /* other providers give theirs an hour */
#define FRESH_S 300
#define ITEMS 64

/* Visible ASCII: safe in headers, logs, and space-separated lists. */
static bool is_id(struct up_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= 0x20 || s.p[i] >= 0x7f || s.p[i] == '"' || s.p[i] == '\\')
			return false;
	return s.n > 0;
}

static bool is_name(struct up_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return s.n > 0 && up_text_utf8_valid(s);
}

static bool id_claim(const json_t *o, const char *name, size_t max, struct up_span *out)
{
	return up_json_text(o, name, max, out) == UP_OK && is_id(*out);
}

static bool name_claim(const json_t *o, const char *name, size_t max, struct up_span *out)
{
	return up_json_text(o, name, max, out) == UP_OK && is_name(*out);
}

static bool take_unit(const json_t *unit, struct up_rp_session *s)
{
	if (!json_is_object(unit) || !id_claim(unit, "code", UP_USCC_LEN, &s->unit_code) || up_uscc_check_unit(s->unit_code) != UP_OK)
		return false;
	return name_claim(unit, "name", UP_SESSION_UNIT_NAME_MAX, &s->unit_name) && id_claim(unit, "certificate", UP_SESSION_ID_MAX, &s->certificate) &&
	    up_json_int(unit, "certificate_version", 1, INT32_MAX, &s->certificate_version) == UP_OK;
}

static bool take_holder(const json_t *holder, struct up_rp_session *s)
{
	if (!json_is_object(holder) || !id_claim(holder, "role", UP_SESSION_ROLE_MAX, &s->role))
		return false;
	if (!up_span_eq_str(s->role, "principal") && !up_span_eq_str(s->role, "manager") && !up_span_eq_str(s->role, "user"))
		return false;
	return id_claim(holder, "ref", UP_SESSION_ID_MAX, &s->holder_ref) && name_claim(holder, "name", UP_SESSION_HOLDER_NAME_MAX, &s->holder_name);
}

static bool take_items(const json_t *items, struct up_identity *out)
{
	size_t i;
	json_t *v;

	if (items == NULL)
		return true;
	if (!json_is_array(items) || json_array_size(items) > ITEMS)
		return false;
	json_array_foreach(items, i, v) {
		struct up_span item = up_span_of(json_string_value(v), json_string_length(v));

		if (!json_is_string(v) || item.n > UP_RP_ITEM_MAX || !is_id(item))
			return false;
		if (i > 0)
			up_buf_put_char(&out->items, ' ');
		up_buf_put_span(&out->items, item);
	}
	out->session.items = up_buf_span(&out->items);
	return !out->items.failed && out->items.n <= UP_SESSION_ITEMS_MAX;
}

static bool take_sid(const json_t *claims, struct up_identity *out)
{
	uint8_t rnd[16];

	if (json_object_get(claims, "sid") != NULL)
		return id_claim(claims, "sid", UP_SESSION_ID_MAX, &out->session.sid);
	if (RAND_bytes(rnd, sizeof(rnd)) != 1)
		return false;
	up_text_b64url(up_span_of(rnd, sizeof(rnd)), out->sid);
	out->session.sid = up_span_of(out->sid, 22);
	return true;
}

static bool take_claims(const json_t *claims, int64_t now_s, struct up_identity *out)
{
	struct up_rp_session *s = &out->session;

	int64_t iat;

	s->created_s = s->seen_s = s->auth_time_s = now_s;
	if (up_json_int(claims, "iat", now_s - FRESH_S, now_s + LEEWAY_S, &iat) != UP_OK)
		return false;
	if (json_object_get(claims, "auth_time") != NULL && up_json_int(claims, "auth_time", 1, now_s + LEEWAY_S, &s->auth_time_s) != UP_OK)
		return false;
	return id_claim(claims, "sub", UP_SESSION_SUB_MAX, &s->sub) && take_sid(claims, out) && take_unit(json_object_get(claims, "unit"), s) &&
	    take_holder(json_object_get(claims, "holder"), s) && take_items(json_object_get(claims, "items"), out);
}

enum up_err up_idtoken_check(const struct up_rp *rp, struct up_span text, const char *nonce, int64_t now_s, struct up_identity *out)
{
	const struct up_jwt_expect expect = {
		.iss = rp->issuer, .aud = rp->client, .nonce = nonce, .need_exp = true, .need_iat = true, .need_jti = true,
		.now_s = now_s, .leeway_s = LEEWAY_S, .max_age_s = MAX_AGE_S,
	};
	struct up_jwk *key = NULL;
	enum up_err e;

	memset(out, 0, sizeof(*out));
	e = up_jwt_parse(text, "JWT", &out->jwt);
	if (e == UP_OK)
		e = up_jwt_expect(&out->jwt, &expect);
	/* keys last: a token that cannot be for us must not make us ask the provider */
	if (e == UP_OK)
		e = up_provider_key(rp->provider, &out->jwt, &key);
	if (e == UP_OK)
		e = up_jwt_verify(&out->jwt, key);
	up_jwk_free(&key);
	if (e == UP_OK && !take_claims(out->jwt.claims, now_s, out))
		e = UP_E_CLAIM;
	return e;
}

void up_idtoken_free(struct up_identity *i)
{
	up_jwt_free(&i->jwt);
	up_buf_free(&i->items);
	up_wipe(i, sizeof(*i));
}
