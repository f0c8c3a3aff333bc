/* SPDX-License-Identifier: Apache-2.0
 * One HTTP exchange of `doctor`: no redirect is followed, no proxy is used for loopback, everything
 * is bounded. */
#ifndef UP_DOCTOR_HTTP_H
#define UP_DOCTOR_HTTP_H

#include "core/oauth.h"

#define UP_DOCTOR_HTTP_CONNECT_MS 4000
#define UP_DOCTOR_HTTP_TOTAL_MS 8000
#define UP_DOCTOR_HTTP_BODY_MAX 262144

struct up_doctor_call {
	const char *url;                         /* https, or http */
	const char *unix_path;                   /* connect to this socket instead, or NULL */
	const char *form;                        /* encoded body of a POST, or NULL: GET */
	const char *user, *password;             /* HTTP Basic, already form-encoded; or NULL */
	const char *accept, *ca;                 /* media type; PEM file or NULL */
	/* an endless answer: good as soon as an event is whole */
	bool first_event;
};

struct up_doctor_answer {                        /* up_doctor_http_free wipes */
	long status;                             /* 0: no answer */
	char why[256];                           /* then: the reason, of libcurl */
	bool certificate_refused, timed_out;
	struct up_buf headers, body;             /* header lines of the last answer */
	int64_t date_s;                          /* of its Date header; 0: none */
	bool has_certificates;
	/* the first end among the certificates that were shown */
	int64_t expires_s;
	char subject[256];                       /* whose that is */
};

/* UP_OK: there was an answer, or none (status 0, why). UP_E_NOMEM. The caller frees ANSWER in all
 * cases. */
UP_MUST_USE enum up_err up_doctor_http(const struct up_doctor_call *, struct up_doctor_answer *);
void up_doctor_http_free(struct up_doctor_answer *);
/* First value of header NAME ("Content-Type"), empty when there is none. */
struct up_span up_doctor_http_header(const struct up_doctor_answer *, const char *name);
/* The JSON body's member "error", or ""; nothing in it steers a terminal. */
void up_doctor_http_error(const struct up_doctor_answer *, char out[UP_OAUTH_ERROR]);

#endif
