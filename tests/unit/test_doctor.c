/* SPDX-License-Identifier: Apache-2.0
 * What `doctor` reads out of nginx's configuration. */
#include "tools/unitpassctl/doctor_web.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#define FILE_MARK(path) "# configuration file " path ":\n"
#define MAIN FILE_MARK("/etc/nginx/nginx.conf")
#define SET "proxy_set_header X-Forwarded-For $remote_addr;"
#define OTHER "proxy_set_header Host $host;"

static const struct { const char *text, *address; enum up_doctor_web_forwarded want;
} rows[] = {
	{ "", "127.0.0.1:9080", UP_DOCTOR_WEB_ELSEWHERE },
	/* not a dump */
	{ "http { server { location / { proxy_pass http://127.0.0.1:9080; " SET " } } }",
	    "127.0.0.1:9080", UP_DOCTOR_WEB_ELSEWHERE },
	{ MAIN "http { server { location / { proxy_pass http://127.0.0.1:9080; " SET " } } }",
	    "127.0.0.1:9080", UP_DOCTOR_WEB_SET },
	{ MAIN "http { server { location / { proxy_pass http://localhost:9080/; " SET " } } }",
	    "127.0.0.1:9080", UP_DOCTOR_WEB_SET },
	{ "nginx: ok\n" MAIN "http { server { location / { " SET
	  " proxy_pass http://127.0.0.1:9081; } } }",
	    "127.0.0.1:9080", UP_DOCTOR_WEB_ELSEWHERE },
	{ MAIN "http { server { location / { proxy_pass http://127.0.0.1:9080; } } }",
	    "127.0.0.1:9080", UP_DOCTOR_WEB_ABSENT },
	{ MAIN "http { server { location / { proxy_pass http://127.0.0.1:9080; # " SET "\n } } }",
	    "127.0.0.1:9080", UP_DOCTOR_WEB_ABSENT },
	{ MAIN "http { server { location / { proxy_pass http://127.0.0.1:9080; proxy_set_header "
	       "x-forwarded-for \"$http_x_forwarded_for\"; } } }",
	    "127.0.0.1:9080", UP_DOCTOR_WEB_COPIED },
	{ MAIN "http { server { location / { proxy_pass http://127.0.0.1:9080; proxy_set_header "
	       "X-Forwarded-For $proxy_add_x_forwarded_for; } } }",
	    "127.0.0.1:9080", UP_DOCTOR_WEB_SET },
	/* inherited, also from what stands below; not past a block with headers of its own */
	{ MAIN "http { server { location / { proxy_pass http://127.0.0.1:9080; } " SET " } }",
	    "127.0.0.1:9080", UP_DOCTOR_WEB_SET },
	{ MAIN "http { " SET " server { location / { proxy_pass http://127.0.0.1:9080; " OTHER
	       " } } }",
	    "127.0.0.1:9080", UP_DOCTOR_WEB_ABSENT },
	/* one bad location among good ones */
	{ MAIN "http { server { location / { proxy_pass http://127.0.0.1:9080; " SET
	       " } location /q/ { proxy_pass http://127.0.0.1:9080; } } }",
	    "127.0.0.1:9080", UP_DOCTOR_WEB_ABSENT },
	/* by name, before and after its use */
	{ MAIN "http { upstream u { server unix:/run/u.sock; keepalive 8; } server { location / { "
	       "proxy_pass http://u; " SET " } } }",
	    "unix:/run/u.sock", UP_DOCTOR_WEB_SET },
	{ MAIN "http { server { location / { proxy_pass http://u/x; } } upstream u { server "
	       "127.0.0.1:9080 max_fails=0; } }",
	    "127.0.0.1:9080", UP_DOCTOR_WEB_ABSENT },
	{ MAIN "http { server { location / { proxy_pass http://unix:/run/u.sock:/; " SET " } } }",
	    "unix:/run/u.sock", UP_DOCTOR_WEB_SET },
	/* includes, in their place */
	{ MAIN "http { include conf.d/*.conf; " SET
	       " }\n" FILE_MARK("/etc/nginx/conf.d/a.conf") "server { location / { proxy_pass "
							    "http://127.0.0.1:9080; } }\n",
	    "127.0.0.1:9080", UP_DOCTOR_WEB_SET },
	{ MAIN "http { server { location / { proxy_pass http://127.0.0.1:9080; include "
	       "proxy_params; } } }\n" FILE_MARK("/etc/nginx/proxy_params") SET "\n",
	    "127.0.0.1:9080", UP_DOCTOR_WEB_SET },
	{ MAIN "http { include /etc/nginx/conf.d/*; }\n" FILE_MARK(
	      "/etc/nginx/other/a") "server { proxy_pass http://127.0.0.1:9080; }\n",
	    "127.0.0.1:9080", UP_DOCTOR_WEB_ELSEWHERE },
	/* what nginx would refuse must not harm */
	{ MAIN "include nginx.conf; http { ", "127.0.0.1:9080", UP_DOCTOR_WEB_ELSEWHERE },
	{ MAIN "} } } proxy_pass", "127.0.0.1:9080", UP_DOCTOR_WEB_ELSEWHERE },
	{ MAIN "\"unended {", "127.0.0.1:9080", UP_DOCTOR_WEB_ELSEWHERE },
	{ MAIN ";;{}{", "127.0.0.1:9080", UP_DOCTOR_WEB_ELSEWHERE },
	{ "# configuration file ", "127.0.0.1:9080", UP_DOCTOR_WEB_ELSEWHERE },
};

static void test_forwarded(void)
{
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		size_t n = strlen(rows[i].text);
		/* its exact size: a sanitizer sees a byte too many */
		char *copy = malloc(n > 0 ? n : 1);
		enum up_doctor_web_forwarded got;

		CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
		memcpy(copy, rows[i].text, n);
		UP_CHECK(
		    up_doctor_web_forwarded(up_span_of(copy, n), rows[i].address, &got) == UP_OK &&
			got == rows[i].want,
		    rows[i].text);
		free(copy);
	}
}

static void test_uses(void)
{
	const struct up_span dump = UP_SPAN_LIT(MAIN "http { include p.conf; }\n" FILE_MARK(
	    "/etc/nginx/p.conf") "unitpass_issuer https://id.example.org;\n#unitpass_client x;\n");

	CU_ASSERT(up_doctor_web_uses(dump, "unitpass_issuer"));
	CU_ASSERT(up_doctor_web_uses(dump, "http"));
	CU_ASSERT(!up_doctor_web_uses(dump, "unitpass_client"));
	CU_ASSERT(!up_doctor_web_uses(up_span_of(NULL, 0), "http"));
}

static void test_complaint(void)
{
	UP_CHECK_TEXT(up_doctor_web_complaint(
			  UP_SPAN_LIT("a\nb \n\nnginx: configuration file x test failed\n")),
	    "b");
	UP_CHECK_TEXT(up_doctor_web_complaint(UP_SPAN_LIT("a")), "a");
	UP_CHECK_TEXT(up_doctor_web_complaint(up_span_of(NULL, 0)), "");
}

UP_SUITE("doctor", test_forwarded, test_uses, test_complaint)
