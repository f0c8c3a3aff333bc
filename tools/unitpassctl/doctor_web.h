/* SPDX-License-Identifier: Apache-2.0
 * What the configuration of the web server on this machine says: nginx's as `nginx -T` dumps it,
 * Apache's modules as `apachectl -M` lists them. */
#ifndef UP_DOCTOR_WEB_H
#define UP_DOCTOR_WEB_H

#include "core/span.h"

enum up_doctor_web_run { UP_DOCTOR_WEB_DONE, UP_DOCTOR_WEB_MISSING, UP_DOCTOR_WEB_FAILED };

/* DONE: OUT is the dump. FAILED: OUT is what the program said. MISSING: not installed. CONFIG NULL:
 * its default. The caller frees OUT. */
enum up_doctor_web_run up_doctor_web_nginx(const char *config, struct up_buf *out);
enum up_doctor_web_run up_doctor_web_apache(const char *config, struct up_buf *out);
/* What was wrong, of what a failed program said: its last line but for the closing ones. */
struct up_span up_doctor_web_complaint(struct up_span s);

enum up_doctor_web_forwarded {                   /* the worst comes last */
	UP_DOCTOR_WEB_ELSEWHERE,                 /* nothing is passed on to the address */
	UP_DOCTOR_WEB_SET,                       /* X-Forwarded-For is the web server's own */
	/* it is not set: what the client sent goes through */
	UP_DOCTOR_WEB_ABSENT,
	UP_DOCTOR_WEB_COPIED,                    /* it is set to what the client sent */
};

/* How the blocks of DUMP that pass requests on to ADDRESS ("127.0.0.1:9080", "unix:/path", as in
 * unitpassd.conf) set X-Forwarded-For. By nginx's rules: includes in their place, upstreams by
 * name, proxy_set_header inherited only by blocks without any of their own. */
UP_MUST_USE enum up_err up_doctor_web_forwarded(
    struct up_span dump, const char *address, enum up_doctor_web_forwarded *out);
/* Does DUMP use a directive of this name anywhere? */
bool up_doctor_web_uses(struct up_span dump, const char *directive);

#endif
