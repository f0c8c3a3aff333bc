/* SPDX-License-Identifier: Apache-2.0
 * module/rp: a request of a browser, one field a line, to a portal whose provider does not answer.
 */
#include "fuzz.h"

#include <string.h>
#include <sys/stat.h>
#include <stdio.h>
#include <unistd.h>

#include "module/rp/rp.h"

#define FIELDS 17

static struct up_rp *portal;
static struct up_rp_opener *opener;

static void write_file(char *path, const char *text)
{
	int fd = mkstemp(path);

	FUZZ_HOLDS(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static void open_portal(void)
{
	char keys[] = "/tmp/unitpass-fuzz-XXXXXX", secret[] = "/tmp/unitpass-fuzz-XXXXXX", why[256];
	struct up_rp_settings s = { .issuer = "http://127.0.0.1:1",
		.client = "portal",
		.secret_file = secret,
		.session_key_file = keys };

	write_file(keys, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n");
	write_file(secret, "0123456789abcdef0123456789abcdef\n");
	FUZZ_HOLDS(
	    up_rp_new(&s, &portal, why) == UP_OK && up_rp_opener_new(portal, &opener) == UP_OK);
	unlink(keys);
	unlink(secret);
}

/* Whatever was asked: one status, headers without line breaks, nothing sent to another site, nobody
 * signed in. */
static void check(struct up_rp_response *r)
{
	FUZZ_HOLDS(r->status >= 200 && r->status < 600);
	for (size_t i = 0; i < r->n_headers; i++) {
		const char *name = r->headers[i].name, *value = r->headers[i].value;

		FUZZ_HOLDS(strpbrk(value, "\r\n") == NULL);
		if (strcmp(name, "Location") == 0)
			FUZZ_HOLDS(value[0] == '/' && value[1] != '/' && value[1] != '\\');
		if (strcmp(name, "Set-Cookie") == 0 &&
		    strncmp(value, UP_RP_SESSION_COOKIE "=", strlen(UP_RP_SESSION_COOKIE "=")) == 0)
			FUZZ_HOLDS(strstr(value, "Max-Age=0") != NULL);
	}
	up_rp_response_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct up_span rest = up_span_of(data, size);
	struct up_rp_request q = { .now_s = 1700000000 };
	struct up_span *const fields[FIELDS] = { &q.method, &q.path, &q.query, &q.host, &q.cookies,
		&q.accept, &q.accept_language, &q.content_type, &q.origin, &q.sec_fetch_site,
		&q.sec_fetch_mode, &q.requested_with, &q.if_none_match, &q.uri, &q.user_agent,
		&q.sec_fetch_dest, &q.purpose };
	struct up_rp_session who = { 0 };
	struct up_rp_response r;

	if (portal == NULL)
		open_portal();
	for (size_t i = 0; i < FIELDS; i++)
		up_span_cut(rest, '\n', fields[i], &rest);
	q.body = rest;
	up_rp_handle(portal, opener, &q, &r);
	check(&r);
	up_rp_login_required(portal, &q, (struct up_span){ 0 }, &r);
	FUZZ_HOLDS(r.status == 302 || r.status == 401);
	check(&r);
	who.unit_name = q.path;
	who.role = q.method;
	up_rp_forbidden(portal, &q, &who, NULL, &r);
	FUZZ_HOLDS(r.status == 403);
	check(&r);
	FUZZ_HOLDS(!up_rp_is_identity_header(q.method) || q.method.n > 10);
	return 0;
}
