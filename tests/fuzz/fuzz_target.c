/* SPDX-License-Identifier: Apache-2.0
 * core/target.h: an accepted return target stays on the origin however often it is decoded; URLs,
 * networks and X-Forwarded-For never crash and never give what they must not. */
#include "core/target.h"
#include "core/text.h"
#include "core/uri.h"
#include "fuzz.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Decode every escape of PATH once, wrong ones left alone; independent of the code under test. */
static size_t unescape(char *path, size_t n)
{
	size_t to = 0;

	for (size_t i = 0; i < n; i++) {
		if (path[i] == '%' && i + 2 < n && isxdigit((unsigned char)path[i + 1]) &&
		    isxdigit((unsigned char)path[i + 2])) {
			char hex[3] = { path[i + 1], path[i + 2], '\0' };

			path[to++] = (char)strtol(hex, NULL, 16);
			i += 2;
		} else {
			path[to++] = path[i];
		}
	}
	return to;
}

static void holds_for_path(const char *path, size_t n)
{
	FUZZ_HOLDS(n > 0 && path[0] == '/' && memchr(path, '\\', n) == NULL);
	for (size_t i = 0; i < n; i++)
		FUZZ_HOLDS((unsigned char)path[i] >= 0x20 && path[i] != 0x7f);
	for (size_t i = 1; i < n; i++)
		FUZZ_HOLDS(path[i] != '/' || path[i - 1] != '/');
	FUZZ_HOLDS(
	    n < 3 || memcmp(path, "/..", 3) != 0 || (n > 3 && path[3] != '/' && path[3] != ';'));
	FUZZ_HOLDS(n < 10 || strncasecmp(path, "/.unitpass", 10) != 0 ||
	    (n > 10 && path[10] != '/' && path[10] != ';'));
}

static void try_return_to(struct up_span to)
{
	char path[1024];
	size_t n = 0;

	if (!up_target_ok(to))
		return;
	FUZZ_HOLDS(to.n <= sizeof path);
	for (; n < to.n && to.p[n] != '?' && to.p[n] != '#'; n++)
		path[n] = (char)to.p[n];
	for (int i = 0; i < 8; i++) {
		holds_for_path(path, n);
		n = unescape(path, n);
	}
	for (size_t i = 0; i < to.n; i++)
		FUZZ_HOLDS(to.p[i] > 0x20 && to.p[i] < 0x7f && to.p[i] != '\\');
}

static void try_url(struct up_span url)
{
	struct up_span origin, path, again, rest;

	if (up_target_url(url, &origin, &path) != UP_OK) {
		FUZZ_HOLDS(origin.n == 0 && path.n == 0);
		return;
	}
	FUZZ_HOLDS(origin.n + path.n == url.n && (path.n == 0 || path.p[0] == '/'));
	FUZZ_HOLDS(memchr(origin.p, '@', origin.n) == NULL);
	FUZZ_HOLDS(up_target_url(origin, &again, &rest) == UP_OK && up_span_eq(again, origin) &&
	    rest.n == 0);
}

static void try_addresses(struct up_span text)
{
	struct up_cidr net, all[2];
	struct up_span peer, xff;
	char ip[46], same[46];

	if (up_target_cidr(text, &net) == UP_OK)
		FUZZ_HOLDS(net.family == 1 || (net.family == 4 && net.bits <= 32) ||
		    (net.family == 6 && net.bits <= 128));
	else
		FUZZ_HOLDS(net.family == 0);
	FUZZ_HOLDS(up_target_cidr(UP_SPAN_LIT("10.0.0.0/8"), &all[0]) == UP_OK);
	FUZZ_HOLDS(up_target_cidr(UP_SPAN_LIT("::/1"), &all[1]) == UP_OK);
	up_span_cut(text, '\n', &peer, &xff);
	up_target_client_ip(peer, xff, all, 2, ip);
	/* the answer is an address, and stands for itself */
	up_target_client_ip(up_span_str(ip), up_span_str(NULL), NULL, 0, same);
	FUZZ_HOLDS(strcmp(ip, same) == 0);
	if (up_target_address(text, ip))
		FUZZ_HOLDS(up_target_address(up_span_str(ip), same) && strcmp(ip, same) == 0);
}

static void try_same(struct up_span text)
{
	struct up_span a, b;

	up_span_cut(text, '\n', &a, &b);
	FUZZ_HOLDS(up_uri_same(a, b) == up_uri_same(b, a));
	FUZZ_HOLDS(!up_uri_same(a, b) || up_uri_same(a, a));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct up_span in = up_span_of(data, size);

	try_return_to(in);
	try_url(in);
	try_addresses(in);
	try_same(in);
	return 0;
}
