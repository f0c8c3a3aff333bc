/* SPDX-License-Identifier: Apache-2.0
 * What the tests of module/rp share: a portal with its files in a temporary folder, and a scripted
 * HTTP server on a free loopback port that plays the provider. */
#ifndef UP_TEST_RP_FAKE_H
#define UP_TEST_RP_FAKE_H

#include "core/jwk.h"
#include "module/rp/rp.h"

#define FAKE_CLIENT "portal"
#define FAKE_SECRET "0123456789abcdef0123456789abcdef0123456789a"
#define FAKE_UNIT "12430000100000016Y"

/* --- files and portals --- */

/* path, valid until fake_clean */
const char *fake_file(const char *name, const char *text, int mode);
void fake_clean(void);
/* A portal of ISSUER with one session key (64 hex digits) and FAKE_SECRET; aborts on failure. */
struct up_rp *fake_rp(const char *issuer, const char *client, const char *session_keys);
/* The same; ASKING: one that asks "is it you?" where a unit has never been. */
struct up_rp *fake_rp_asking(const char *issuer, const char *client, const char *session_keys,
    bool asking);
extern const char fake_key_a[], fake_key_b[];

/* --- the server --- */

const char *fake_start(void);            /* "http://127.0.0.1:PORT"; one per process */
void fake_stop(void);
/* What PATH answers from now on. HEADERS: further lines, each with CRLF, or "". STATUS 0: silence
 * until the client gives up. */
void fake_answer(const char *path, int status, const char *headers, const char *body);
/* a JSON string of that many bytes */
void fake_answer_many(const char *path, int status, size_t bytes);
unsigned fake_count(const char *path);   /* requests seen for it */
/* Head and body of the last request for PATH, joined by an empty line. */
const char *fake_last(const char *path);
void fake_reset(void);                   /* no answers (404), no counts */
/* Metadata and keys of a proper provider. */
void fake_provider(const char *issuer, const struct up_jwk *key);

/* --- requests and answers --- */

/* The time is the sum of now_s and more_ms. DEST, PURPOSE: Sec-Fetch-Dest and Sec-Purpose of what
 * it asks for next; NULL: it sends none. */
struct fake_browser { char cookies[16384]; int64_t now_s, more_ms; const char *dest, *purpose; };
/* METHOD PATH?QUERY as the page's script does it (JSON accepted, same-origin); FORM for POST.
 * Cookies are kept. */
void fake_fetch(const struct up_rp *, struct fake_browser *, const char *method, const char *target,
    const char *form, struct up_rp_response *);
/* The same as a navigation. */
void fake_visit(const struct up_rp *, struct fake_browser *, const char *method, const char *target,
    const char *form, struct up_rp_response *);
/* first of that name, or NULL */
const char *fake_header(const struct up_rp_response *, const char *name);
/* "NAME=value", or NULL; static buffer */
const char *fake_cookie(const struct fake_browser *, const char *name);
/* Value of NAME in a form or a JSON text, raw; static buffer. */
const char *fake_member(const char *text, const char *name);
void fake_log(void *arg, char level, const char *line);
extern char fake_logged[65536];

#endif
