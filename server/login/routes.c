/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/routes.h"

static const struct up_route routes[] = {
	{ "GET", "/watch/", UP_WATCH_KEY, UP_BODY_NONE, up_watch },
};

const struct up_room up_room_login = { "login", UP_STYLE_OAUTH, routes, UP_ARRAY_LEN(routes) };
