/* SPDX-License-Identifier: Apache-2.0
 * What others need to know to use this server: OpenID Connect Discovery 1.0, RFC 8414, RFC 7517. */
#include "server/routes.h"

static void put_url(struct up_buf *b, const char *name, const char *issuer, const char *path)
{
	up_buf_printf(b, ",\"%s\":\"%s%s\"", name, issuer, path);
}

/* Both standards say that a list without elements must be left out: there is no authorization
 * endpoint, so there are no response_types_supported. dpop_signing_alg_values_supported speaks of
 * /token (RFC 9449 section 5.1), which issues Bearer tokens. */
void up_discovery_configuration(struct up_request *r)
{
	const char *issuer = r->server->config->issuer;
	struct up_buf *b = &r->out;

	up_buf_printf(b, "{\"issuer\":\"%s\"", issuer);
	put_url(b, "jwks_uri", issuer, "/jwks");
	put_url(b, "device_authorization_endpoint", issuer, "/device_authorization");
	put_url(b, "token_endpoint", issuer, "/token");
	put_url(b, "userinfo_endpoint", issuer, "/userinfo");
	up_buf_put_str(b,
	    ",\"scopes_supported\":[\"openid\",\"unit\"]"
	    ",\"grant_types_supported\":[\"urn:ietf:params:oauth:grant-type:device_code\"]"
	    ",\"subject_types_supported\":[\"public\"]"
	    ",\"id_token_signing_alg_values_supported\":[\"ES256\"]"
	    ",\"token_endpoint_auth_methods_supported\":[\"client_secret_basic\",\"client_secret_post\",\"private_key_jwt\"]"
	    ",\"token_endpoint_auth_signing_alg_values_supported\":[\"ES256\"]"
	    ",\"acr_values_supported\":[\"urn:unitpass:acr:device-password\"]"
	    /* left out it would mean true */
	    ",\"request_uri_parameter_supported\":false"
	    ",\"ui_locales_supported\":[\"zh-CN\",\"en\"]"
	    ",\"claims_supported\":[\"iss\",\"sub\",\"aud\",\"exp\",\"iat\",\"nbf\",\"auth_time\",\"jti\",\"sid\",\"nonce\",\"amr\",\"acr\",\"unit\",\"holder\",\"items\"]}");
	up_reply_public(r, "application/json");
}

void up_discovery_jwks(struct up_request *r)
{
	up_buf_put_str(&r->out, r->catalogue->keys->jwks);
	up_reply_public(r, "application/jwk-set+json");
}
