/* SPDX-License-Identifier: Apache-2.0
 * A session cookie without a login, as the relying party itself would seal it: the tests of the
 * nginx module begin where the login ends.
 *
 *   mint ISSUER CLIENT SECRET_FILE SESSION_KEY_FILE ROLE ITEMS AGE [COUNT]      prints
 * "__Host-unitpass=...", COUNT times; last seen AGE seconds ago */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/text.h"
#include "module/rp/rp.h"

static struct up_rp_session session(const char *role, const char *items, int64_t seen_s)
{
	return (struct up_rp_session) {
		.unit_code = up_span_str("12430000100000016Y"),
		.unit_name = up_span_str("湖南省示例图书馆"),
		.certificate = up_span_str("143000000016"),
		.role = up_span_str(role),
		.holder_ref = up_span_str("AAAAAAAAAAAAAAAAAAAAAA"),
		.holder_name = up_span_str("张*"),
		.items = up_span_str(items),
		.sid = up_span_str("BBBBBBBBBBBBBBBBBBBBBB"),
		.sub = up_span_str("CCCCCCCCCCCCCCCCCCCCCC"),
		.certificate_version = 1,
		.auth_time_s = seen_s,
		.created_s = seen_s,
		.seen_s = seen_s,
	};
}

static bool print_one(struct up_rp_opener *opener, const struct up_rp_session *s)
{
	struct up_buf b = { 0 };
	bool ok = up_rp_session_cookie(opener, s, s->seen_s, &b) == UP_OK && !b.failed;

	if (ok)
		printf("%.*s\n", (int)strcspn(up_buf_cstr(&b), ";"), up_buf_cstr(&b));
	up_buf_free(&b);
	return ok;
}

int main(int argc, char **argv)
{
	struct up_rp *rp = NULL;
	struct up_rp_opener *opener = NULL;
	struct up_rp_session s;
	char why[256];
	long left;
	int rc;

	if (argc != 8 && argc != 9) {
		fprintf(stderr,
		    "usage: mint ISSUER CLIENT SECRET_FILE SESSION_KEY_FILE ROLE ITEMS AGE "
		    "[COUNT]\n");
		return 2;
	}
	left = argc == 9 ? atol(argv[8]) : 1;
	if (up_rp_new(&(struct up_rp_settings) { .issuer = argv[1],
			  .client = argv[2],
			  .secret_file = argv[3],
			  .session_key_file = argv[4] },
		&rp, why) != UP_OK) {
		fprintf(stderr, "mint: %s\n", why);
		return 1;
	}
	s = session(argv[5], argv[6], (int64_t)time(NULL) - atoll(argv[7]));
	if (up_rp_opener_new(rp, &opener) == UP_OK)
		while (left > 0 && print_one(opener, &s))
			left--;
	rc = left == 0 ? 0 : 1;
	up_rp_opener_free(&opener);
	up_rp_free(&rp);
	return rc;
}
