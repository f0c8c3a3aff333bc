/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/routes.h"

static const struct up_route routes[] = {
	{ "GET", "/healthz", UP_OPERATOR, UP_BODY_NONE, up_admin_health },
	{ "GET", "/metrics", UP_OPERATOR, UP_BODY_NONE, up_admin_metrics },
};

const struct up_room up_room_admin = { "admin", UP_STYLE_OAUTH, routes, UP_ARRAY_LEN(routes) };
