/* SPDX-License-Identifier: Apache-2.0 */
#include "server/routes.h"

#include <string.h>

const struct up_route up_routes_main[] = {
	{ "GET", "/.well-known/openid-configuration", UP_ANYONE, UP_BODY_NONE, up_discovery_configuration },
	{ "GET", "/.well-known/oauth-authorization-server", UP_ANYONE, UP_BODY_NONE, up_discovery_configuration },
	{ "GET", "/jwks", UP_ANYONE, UP_BODY_NONE, up_discovery_jwks },
	{ "POST", "/device_authorization", UP_CLIENT, UP_BODY_FORM, up_device_authorization },
	{ "POST", "/token", UP_CLIENT, UP_BODY_FORM, up_token },
	{ "GET", "/userinfo", UP_ANYONE, UP_BODY_NONE, up_userinfo },
	{ "POST", "/userinfo", UP_ANYONE, UP_BODY_FORM, up_userinfo },
	{ "GET", "/watch/", UP_ANYONE, UP_BODY_NONE, up_watch },
	{ "GET", "/q/", UP_ANYONE, UP_BODY_NONE, up_pages_q },
	{ "GET", "/e/", UP_ANYONE, UP_BODY_NONE, up_pages_e },
	{ "POST", "/holder/enrolments", UP_NEW_PHONE, UP_BODY_JSON, up_holder_enrolment },
	{ "POST", "/holder/enrolments/accept", UP_NEW_PHONE, UP_BODY_JSON, up_holder_enrolment_accept },
	{ "GET", "/holder/certificates", UP_PHONE, UP_BODY_NONE, up_holder_certificates },
	{ "POST", "/holder/scan", UP_PHONE, UP_BODY_JSON, up_holder_scan },
	{ "POST", "/holder/decisions", UP_PHONE, UP_BODY_JSON, up_holder_decision },
	{ "GET", "/holder/usage", UP_PHONE, UP_BODY_NONE, up_holder_usage },
};
const size_t up_routes_main_n = UP_ARRAY_LEN(up_routes_main);

const struct up_route up_routes_watch[] = {
	{ "GET", "/watch/", UP_ANYONE, UP_BODY_NONE, up_watch },
};
const size_t up_routes_watch_n = UP_ARRAY_LEN(up_routes_watch);

const struct up_route up_routes_admin[] = {
	{ "GET", "/healthz", UP_ANYONE, UP_BODY_NONE, up_admin_health },
	{ "GET", "/metrics", UP_ANYONE, UP_BODY_NONE, up_admin_metrics },
};
const size_t up_routes_admin_n = UP_ARRAY_LEN(up_routes_admin);

static bool path_fits(const struct up_route *route, struct up_span path, struct up_span *tail)
{
	size_t n = strlen(route->path);

	*tail = (struct up_span){ NULL, 0 };
	if (route->path[n - 1] != '/')
		return up_span_eq_str(path, route->path);
	if (!up_span_starts(path, route->path))
		return false;
	*tail = up_span_of(path.p + n, path.n - n);
	return true;
}

static void put_allowed(struct up_buf *b, const char *method)
{
	up_buf_put_str(b, b->n > 0 ? ", " : "");
	up_buf_put_str(b, strcmp(method, "GET") == 0 ? "GET, HEAD" : method);
}

enum up_err up_routes_find(const struct up_route *routes, size_t n, struct up_request *r)
{
	struct up_buf allow = { 0 };

	for (size_t i = 0; i < n; i++) {
		if (!path_fits(&routes[i], r->path, &r->tail))
			continue;
		if (up_span_eq_str(r->method, routes[i].method) ||
		    (up_span_eq_str(r->method, "HEAD") && strcmp(routes[i].method, "GET") == 0)) {
			r->route = &routes[i];
			up_buf_free(&allow);
			return UP_OK;
		}
		put_allowed(&allow, routes[i].method);
	}
	if (allow.n == 0)
		return UP_E_NOT_FOUND;
	up_reply_header(r, "Allow", up_buf_span(&allow));
	up_buf_free(&allow);
	return UP_E_METHOD;
}
