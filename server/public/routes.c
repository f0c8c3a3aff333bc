/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/routes.h"

/* The code in the path proves nothing: these pages neither check nor consume it. */
static const struct up_route routes[] = {
	{ "GET", "/q/", UP_ANYONE, UP_BODY_NONE, up_pages_q },
	{ "GET", "/e/", UP_ANYONE, UP_BODY_NONE, up_pages_e },
};

const struct up_room up_room_public = { "public", UP_STYLE_OAUTH, routes, UP_ARRAY_LEN(routes) };
