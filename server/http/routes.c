/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/routes.h"

#include <string.h>

const struct up_room *const up_rooms_main[] = {
	&up_room_oauth, &up_room_login, &up_room_public, &up_room_holder, NULL };
const struct up_room *const up_rooms_watch[] = { &up_room_login, NULL };
const struct up_room *const up_rooms_admin[] = { &up_room_admin, NULL };

/* The part in the place of PATTERN's "{...}": not empty. */
static bool part_fits(struct up_span pattern, struct up_span path, struct up_span *tail)
{
	struct up_span before, name, after, part, rest;
	bool more;

	up_span_cut(pattern, '{', &before, &name);
	up_span_cut(name, '}', &name, &after);
	if (path.n <= before.n || memcmp(path.p, before.p, before.n) != 0)
		return false;
	more = up_span_cut(up_span_of(path.p + before.n, path.n - before.n), '/', &part, &rest);
	if (part.n == 0 || more != (after.n > 0))
		return false;
	*tail = part;
	return !more || up_span_eq(rest, up_span_of(after.p + 1, after.n - 1));
}

static bool path_fits(const struct up_route *route, struct up_span path, struct up_span *tail)
{
	size_t n = strlen(route->path);

	*tail = (struct up_span){ NULL, 0 };
	if (strchr(route->path, '{') != NULL)
		return part_fits(up_span_str(route->path), path, tail);
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

/* False: not here; ALLOW has the methods of the path all the same. */
static bool find_in(const struct up_room *room, struct up_request *r, struct up_buf *allow)
{
	for (size_t i = 0; i < room->n; i++) {
		const struct up_route *route = &room->routes[i];

		if (!path_fits(route, r->path, &r->tail))
			continue;
		if (up_span_eq_str(r->method, route->method) ||
		    (up_span_eq_str(r->method, "HEAD") && strcmp(route->method, "GET") == 0)) {
			r->room = room;
			r->route = route;
			return true;
		}
		put_allowed(allow, route->method);
	}
	return false;
}

enum up_err up_routes_find(const struct up_room *const *rooms, struct up_request *r)
{
	struct up_buf allow = { 0 };
	enum up_err err = UP_OK;

	while (*rooms != NULL && !find_in(*rooms, r, &allow))
		rooms++;
	if (*rooms == NULL)
		err = allow.n == 0 ? UP_E_NOT_FOUND : UP_E_METHOD;
	if (err == UP_E_METHOD)
		up_reply_header(r, "Allow", up_buf_span(&allow));
	up_buf_free(&allow);
	return err;
}
