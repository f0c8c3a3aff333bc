/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/routes.h"

static const struct up_route routes[] = {
	{ "GET", "/.well-known/openid-configuration", UP_ANYONE, UP_BODY_NONE,
	    up_discovery_configuration },
	{ "GET", "/.well-known/oauth-authorization-server", UP_ANYONE, UP_BODY_NONE,
	    up_discovery_configuration },
	{ "GET", "/jwks", UP_ANYONE, UP_BODY_NONE, up_discovery_jwks },
	{ "POST", "/device_authorization", UP_CLIENT, UP_BODY_FORM, up_device_authorization },
	{ "POST", "/token", UP_CLIENT, UP_BODY_FORM, up_token },
	{ "GET", "/userinfo", UP_BEARER, UP_BODY_NONE, up_userinfo },
	{ "POST", "/userinfo", UP_BEARER, UP_BODY_FORM, up_userinfo },
};

const struct up_room up_room_oauth = { "oauth", UP_STYLE_OAUTH, routes, UP_ARRAY_LEN(routes) };
