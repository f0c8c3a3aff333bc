/* SPDX-License-Identifier: Apache-2.0 */
#include "module/rp/idtoken.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "core/authority.h"
#include "core/json.h"
#include "core/jws.h"
#include "core/text.h"
#include "core/uscc.h"
#include "module/rp/provider.h"
#include "module/rp/rplog.h"
#include "module/rp/session.h"

#define LEEWAY_S 60
/* It is asked for when the person has confirmed: an old one answers something else. */
#define FRESH_S 300
#define ITEMS 64
#define VERSION_UNKNOWN 0

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

static bool is_unit(struct up_span s)
{
	return is_id(s) && up_uscc_check_unit(s) == UP_OK;
}

static bool is_role(struct up_span s)
{
	return up_authority_role(s) != UP_ROLES;
}

/* --- who: claim by claim --- */

/* What a session needs to know, the claim it comes from, and where else it is looked for: providers
 * whose claims are flat, or that know only OpenID Connect's own (Core 1.0 section 5.1).
 * doc/PROVIDERS.md is this table for their administrators. */
static const struct claim {
	const char *object, *member; /* object NULL: a claim at the top */
	const char *flat, *standard; /* others in its place, or NULL */
	size_t offset, max;
	bool (*is_right)(struct up_span);
	bool needed;
} texts[] = {
	{ NULL, "sub", NULL, NULL, offsetof(struct up_rp_session, sub), UP_SESSION_SUB_MAX, is_id,
	    true },
	{ "unit", "code", "unit_code", NULL, offsetof(struct up_rp_session, unit_code), UP_USCC_LEN,
	    is_unit, true },
	{ "unit", "name", "unit_name", NULL, offsetof(struct up_rp_session, unit_name),
	    UP_SESSION_UNIT_NAME_MAX, is_name, false },
	{ "unit", "certificate", "unit_certificate", NULL,
	    offsetof(struct up_rp_session, certificate), UP_SESSION_ID_MAX, is_id, false },
	{ "holder", "role", "holder_role", NULL, offsetof(struct up_rp_session, role),
	    UP_SESSION_ROLE_MAX, is_role, true },
	{ "holder", "ref", "holder_ref", "sub", offsetof(struct up_rp_session, holder_ref),
	    UP_SESSION_ID_MAX, is_id, false },
	{ "holder", "name", "holder_name", "name", offsetof(struct up_rp_session, holder_name),
	    UP_SESSION_HOLDER_NAME_MAX, is_name, false },
	{ NULL, "sid", NULL, NULL, offsetof(struct up_rp_session, sid), UP_SESSION_ID_MAX, is_id,
	    false },
};

static const json_t *member(const json_t *o, const char *name)
{
	const json_t *v = name != NULL ? json_object_get(o, name) : NULL;

	/* OpenID Connect Core 1.0 section 5.3.2: null is as good as absent */
	return json_is_null(v) ? NULL : v;
}

static const json_t *find(const json_t *claims, const struct claim *c)
{
	const json_t *v = member(c->object != NULL ? member(claims, c->object) : claims, c->member);

	if (v == NULL)
		v = member(claims, c->flat);
	return v != NULL ? v : member(claims, c->standard);
}

/* Says which claim it is that does not do. */
static enum up_err refuse(struct up_identity *out, const struct claim *c, bool is_missing)
{
	snprintf(out->claim, sizeof(out->claim), "%s%s%s", c->object != NULL ? c->object : "",
	    c->object != NULL ? "." : "", c->member);
	out->is_missing = is_missing;
	return UP_E_CLAIM;
}

static enum up_err take_text(const json_t *claims, const struct claim *c, struct up_identity *out)
{
	const json_t *v = find(claims, c);
	struct up_span text;

	if (v == NULL)
		return c->needed ? refuse(out, c, true) : UP_OK;
	text = up_span_of(json_string_value(v), json_string_length(v));
	if (!json_is_string(v) || text.n > c->max || !c->is_right(text))
		return refuse(out, c, false);
	*(struct up_span *)((char *)&out->session + c->offset) = text;
	return UP_OK;
}

/* A moment or a count, whole or with a fraction (RFC 7519 section 2), between MIN and MAX. */
static enum up_err take_number(
    const json_t *claims, const struct claim *c, int64_t min, int64_t max, struct up_identity *out)
{
	const json_t *v = find(claims, c);
	double real = json_number_value(v);

	if (v == NULL)
		return c->needed ? refuse(out, c, true) : UP_OK;
	if (!json_is_number(v) || !(real >= (double)min && real <= (double)max))
		return refuse(out, c, false);
	*(int64_t *)((char *)&out->session + c->offset) = (int64_t)real;
	return UP_OK;
}

static bool put_item(struct up_identity *out, struct up_span item)
{
	if (item.n > UP_RP_ITEM_MAX || !is_id(item))
		return false;
	if (out->items.n > 0)
		up_buf_put_char(&out->items, ' ');
	up_buf_put_span(&out->items, item);
	return true;
}

/* A list of texts, or one text of words. */
static bool put_items(const json_t *items, struct up_identity *out)
{
	struct up_span item, rest = up_span_of(json_string_value(items), json_string_length(items));
	const json_t *v;
	size_t i;

	if (json_is_string(items))
		while (rest.n > 0) {
			up_span_cut(rest, ' ', &item, &rest);
			if (!put_item(out, item))
				return false;
		}
	else if (!json_is_array(items) || json_array_size(items) > ITEMS)
		return false;
	json_array_foreach(items, i, v)
		if (!put_item(out, up_span_of(json_string_value(v), json_string_length(v))))
			return false;
	return true;
}

static enum up_err take_items(const json_t *claims, struct up_identity *out)
{
	static const struct claim items = { .member = "items" };
	const json_t *v = find(claims, &items);

	if (v == NULL)
		return UP_OK;
	if (!put_items(v, out) || out->items.n > UP_SESSION_ITEMS_MAX)
		return refuse(out, &items, false);
	out->session.items = up_buf_span(&out->items);
	return out->items.failed ? UP_E_NOMEM : UP_OK;
}

/* A session has an id, also where the provider gives none. */
static enum up_err need_sid(struct up_identity *out)
{
	uint8_t rnd[16];

	if (out->session.sid.n > 0)
		return UP_OK;
	if (RAND_bytes(rnd, sizeof(rnd)) != 1)
		return UP_E_CRYPTO;
	up_text_b64url(up_span_of(rnd, sizeof(rnd)), out->sid);
	out->session.sid = up_span_of(out->sid, 22);
	return UP_OK;
}

static const struct claim iat = {
	.member = "iat", .offset = offsetof(struct up_rp_session, created_s), .needed = true,
};
static const struct claim auth_time = {
	.member = "auth_time", .offset = offsetof(struct up_rp_session, auth_time_s),
};
static const struct claim version = {
	.object = "unit", .member = "certificate_version", .flat = "unit_certificate_version",
	.offset = offsetof(struct up_rp_session, certificate_version),
};

static enum up_err take_claims(const json_t *claims, int64_t now_s, struct up_identity *out)
{
	enum up_err err = take_number(claims, &iat, now_s - FRESH_S, now_s + LEEWAY_S, out);

	/* the session is this portal's and begins now; iat only had to be fresh */
	out->session.created_s = out->session.seen_s = out->session.auth_time_s = now_s;
	out->session.certificate_version = VERSION_UNKNOWN;
	if (err == UP_OK)
		err = take_number(claims, &auth_time, 1, now_s + LEEWAY_S, out);
	for (size_t i = 0; err == UP_OK && i < UP_ARRAY_LEN(texts); i++)
		err = take_text(claims, &texts[i], out);
	if (err == UP_OK)
		err = take_number(claims, &version, 1, INT32_MAX, out);
	if (err == UP_OK)
		err = take_items(claims, out);
	return err == UP_OK ? need_sid(out) : err;
}

/* --- is it for us --- */

static enum up_err check_for_us(
    const struct up_rp *rp, const char *nonce, int64_t now_s, struct up_identity *out)
{
	/* How long it is good for is the provider's matter: it is used once, here, and the session
	 * has limits of its own. */
	const struct up_jwt_expect expect = {
		.iss = rp->issuer,
		.aud = rp->client,
		.nonce = nonce,
		.nonce_optional = true,
		.need_exp = true,
		.need_iat = true,
		.now_s = now_s,
		.leeway_s = LEEWAY_S,
	};
	const char *claim;
	enum up_err err = up_jwt_expect_named(&out->jwt, &expect, &claim);

	if (err == UP_OK)
		return UP_OK;
	snprintf(out->claim, sizeof(out->claim), "%s", claim);
	out->is_missing = json_object_get(out->jwt.claims, claim) == NULL;
	return err;
}

enum up_err up_idtoken_check(const struct up_rp *rp, struct up_span text, const char *nonce,
    int64_t now_s, struct up_identity *out)
{
	enum up_err err;

	memset(out, 0, sizeof(*out));
	err = up_jws_parse(text, &out->jwt);
	if (err == UP_OK)
		err = check_for_us(rp, nonce, now_s, out);
	/* keys last: a token that cannot be for us must not make us ask the provider */
	if (err == UP_OK)
		err = up_provider_verify(rp->provider, &out->jwt);
	if (err == UP_OK)
		err = take_claims(out->jwt.claims, now_s, out);
	return err;
}

void up_idtoken_refused(const struct up_identity *i, enum up_err err)
{
	if (i->claim[0] != '\0')
		up_rplog('e',
		    "rp_login refused: the ID token does not do reason=%s claim=%s fault=%s",
		    up_err_name(err), i->claim, i->is_missing ? "missing" : "unfit");
	else
		up_rplog(
		    'e', "rp_login refused: the ID token does not do reason=%s", up_err_name(err));
}

void up_idtoken_free(struct up_identity *i)
{
	up_jwt_free(&i->jwt);
	up_buf_free(&i->items);
	up_wipe(i, sizeof(*i));
}
