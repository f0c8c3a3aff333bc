/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/routes.h"

static const struct up_route routes[] = {
	{ "POST", "/holder/enrolments", UP_NEW_PHONE, UP_BODY_JSON, up_holder_enrolment },
	{ "POST", "/holder/enrolments/accept", UP_NEW_PHONE, UP_BODY_JSON,
	    up_holder_enrolment_accept },
	{ "GET", "/holder/certificates", UP_PHONE, UP_BODY_NONE, up_holder_certificates },
	{ "POST", "/holder/scan", UP_PHONE, UP_BODY_JSON, up_holder_scan },
	{ "POST", "/holder/decisions", UP_PHONE, UP_BODY_JSON, up_holder_decision },
	{ "GET", "/holder/usage", UP_PHONE, UP_BODY_NONE, up_holder_usage },
};

const struct up_room up_room_holder = { "holder", UP_STYLE_HOLDER, routes, UP_ARRAY_LEN(routes) };
