/* SPDX-License-Identifier: Apache-2.0 */
#include "core/oauth.h"

#include <string.h>

#include "core/json.h"
#include "core/json_put.h"
#include "core/jwt.h"

enum up_err up_oauth_assertion_put(const struct up_oauth_assertion *a, struct up_buf *out)
{
	struct up_buf claims = { 0 };
	struct up_json_put j = { .b = &claims };
	enum up_err err;

	up_json_put_object(&j, NULL);
	up_json_put_str(&j, "iss", a->client);
	up_json_put_str(&j, "sub", a->client);
	up_json_put_str(&j, "aud", a->issuer);
	up_json_put_int(&j, "iat", a->now_s);
	up_json_put_int(&j, "exp", a->now_s + UP_OAUTH_ASSERTION_LIFE_S);
	up_json_put_b64url(&j, "jti", up_span_of(a->jti, sizeof(a->jti)));
	up_json_put_end(&j);
	err = claims.failed ? UP_E_NOMEM
	    : up_jwt_sign_kid(a->key, a->kid, NULL, up_buf_span(&claims), out);
	up_buf_free(&claims);
	return err;
}

/* A member of that name, "" if there is none or it is longer. */
static void copy(const json_t *o, const char *name, char *out, size_t cap)
{
	struct up_span s;

	out[0] = '\0';
	if (up_json_text(o, name, cap - 1, &s) != UP_OK)
		return;
	memcpy(out, s.p, s.n);
	out[s.n] = '\0';
}

bool up_oauth_error(struct up_span body, char error[UP_OAUTH_ERROR], char why[UP_OAUTH_WHY])
{
	json_t *o = NULL;

	error[0] = '\0';
	if (why != NULL)
		why[0] = '\0';
	if (up_json_parse(body, &o) != UP_OK)
		return false;
	copy(o, "error", error, UP_OAUTH_ERROR);
	if (why != NULL)
		copy(o, "error_description", why, UP_OAUTH_WHY);
	json_decref(o);
	return error[0] != '\0';
}
