/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/routes.h"

static const struct up_route routes[] = {
	{ "POST", "/holder/enrolments", UP_NEW_PHONE, UP_BODY_JSON, up_holder_enrolment },
	{ "POST", "/holder/enrolments/accept", UP_SIGNED_NEW_PHONE, UP_BODY_JSON,
	    up_holder_enrolment_accept },
	{ "GET", "/holder/certificates", UP_PHONE, UP_BODY_NONE, up_holder_certificates },
	{ "POST", "/holder/scan", UP_PHONE, UP_BODY_JSON, up_holder_scan },
	{ "POST", "/holder/decisions", UP_PHONE, UP_BODY_JSON, up_holder_decision },
	{ "GET", "/holder/usage", UP_PHONE, UP_BODY_NONE, up_holder_usage },
	{ "GET", "/holder/changes", UP_PHONE, UP_BODY_NONE, up_holder_changes },

	{ "GET", "/holder/managers", UP_PHONE, UP_BODY_NONE, up_holder_managers },
	{ "POST", "/holder/managers", UP_SIGNED_PHONE, UP_BODY_JSON, up_holder_manager_add },
	{ "GET", "/holder/managers/{ref}", UP_PHONE, UP_BODY_NONE, up_holder_manager },
	{ "POST", "/holder/managers/{ref}/code", UP_SIGNED_PHONE, UP_BODY_JSON,
	    up_holder_manager_code },
	{ "POST", "/holder/managers/{ref}/delete", UP_SIGNED_PHONE, UP_BODY_JSON,
	    up_holder_manager_delete },
	{ "GET", "/holder/users", UP_PHONE, UP_BODY_NONE, up_holder_users },
	{ "POST", "/holder/users", UP_SIGNED_PHONE, UP_BODY_JSON, up_holder_user_add },
	{ "GET", "/holder/users/{ref}", UP_PHONE, UP_BODY_NONE, up_holder_user },
	{ "POST", "/holder/users/{ref}/code", UP_SIGNED_PHONE, UP_BODY_JSON,
	    up_holder_user_code },
	{ "POST", "/holder/users/{ref}/delete", UP_SIGNED_PHONE, UP_BODY_JSON,
	    up_holder_user_delete },

	{ "GET", "/holder/items", UP_PHONE, UP_BODY_NONE, up_holder_items },
	{ "GET", "/holder/grants", UP_PHONE, UP_BODY_NONE, up_holder_grants },
	{ "POST", "/holder/grants", UP_SIGNED_PHONE, UP_BODY_JSON, up_holder_grant_add },
	{ "GET", "/holder/grants/{grant}", UP_PHONE, UP_BODY_NONE, up_holder_grant },
	{ "POST", "/holder/grants/{grant}/cancel", UP_SIGNED_PHONE, UP_BODY_JSON,
	    up_holder_grant_cancel },

	{ "GET", "/holder/devices", UP_PHONE, UP_BODY_NONE, up_holder_devices },
	{ "POST", "/holder/devices/{ref}/end", UP_SIGNED_PHONE, UP_BODY_JSON,
	    up_holder_device_end },
};

const struct up_room up_room_holder = { "holder", UP_STYLE_HOLDER, routes, UP_ARRAY_LEN(routes) };
