/* SPDX-License-Identifier: Apache-2.0
 * What others need to know to use this server: OpenID Connect Discovery 1.0, RFC 8414, RFC 7517. */
#include "server/http/routes.h"

#define WORDS_MAX 16

static const struct { const char *name, *path; } urls[] = {
	{ "jwks_uri", "/jwks" },
	{ "device_authorization_endpoint", "/device_authorization" },
	{ "token_endpoint", "/token" },
	{ "userinfo_endpoint", "/userinfo" },
};

/* Both standards say that a list without elements must be left out: there is no authorization
 * endpoint, so there are no response_types_supported. dpop_signing_alg_values_supported speaks of
 * /token (RFC 9449 section 5.1), which issues Bearer tokens. No words: not a list, but false. */
static const struct { const char *name, *words[WORDS_MAX]; } lists[] = {
	{ "scopes_supported", { "openid", "unit" } },
	{ "grant_types_supported", { "urn:ietf:params:oauth:grant-type:device_code" } },
	{ "subject_types_supported", { "public" } },
	{ "id_token_signing_alg_values_supported", { "ES256" } },
	{ "token_endpoint_auth_methods_supported",
	    { "client_secret_basic", "client_secret_post", "private_key_jwt" } },
	{ "token_endpoint_auth_signing_alg_values_supported", { "ES256" } },
	{ "acr_values_supported", { "urn:unitpass:acr:device-password" } },
	{ "request_uri_parameter_supported", { NULL } },        /* left out it would mean true */
	{ "ui_locales_supported", { "zh-CN", "en" } },
	{ "claims_supported", { "iss", "sub", "aud", "exp", "iat", "nbf", "auth_time", "jti", "sid",
	    "nonce", "amr", "acr", "unit", "holder", "items" } },
};

static void put_url(struct up_json_put *j, const char *name, const char *issuer, const char *path)
{
	up_json_put_open(j, name);
	up_buf_put_str(j->b, issuer);
	up_buf_put_str(j->b, path);
	up_json_put_close(j);
}

void up_discovery_configuration(struct up_request *r)
{
	const char *issuer = r->server->config->issuer;
	struct up_json_put j = { .b = &r->out };

	up_json_put_object(&j, NULL);
	put_url(&j, "issuer", issuer, "");
	for (size_t i = 0; i < UP_ARRAY_LEN(urls); i++)
		put_url(&j, urls[i].name, issuer, urls[i].path);
	for (size_t i = 0; i < UP_ARRAY_LEN(lists); i++) {
		if (lists[i].words[0] != NULL)
			up_json_put_words(&j, lists[i].name, lists[i].words);
		else
			up_json_put_bool(&j, lists[i].name, false);
	}
	up_json_put_end(&j);
	up_reply_public(r, "application/json");
}

void up_discovery_jwks(struct up_request *r)
{
	up_buf_put_str(&r->out, r->catalogue->keys->jwks);
	up_reply_public(r, "application/jwk-set+json");
}
