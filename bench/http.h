/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UP_BENCH_HTTP_H
#define UP_BENCH_HTTP_H

#include <stdbool.h>
#include <stddef.h>

/* A blocking HTTP/1.1 keep-alive client for load generators (RFC 9112): one
 * connection for each thread, one request at a time, one send() a request
 * and, for a reply that fits in a packet, one recv().  For trusted servers on
 * the same machine: no TLS, no redirects, no name lookup, no pipelining. */
struct up_bench_conn;

/* Reusable bytes.  {0} is empty.  p[n] is always 0 once p is not NULL. */
struct up_bench_buf {
	char *p;
	size_t n;
	size_t cap;
};

/* A response header the caller asks for: sets `name`, gets `value`, or NULL
 * when absent.  Entries of one name take that header's lines in turn, so two
 * "Set-Cookie" entries get the first two.  `value` is a string, good until
 * the next request on the connection. */
struct up_bench_field {
	const char *name;
	const char *value;
};

struct up_bench_request {
	const char *method;
	const char *path;	/* with its query */
	const char *headers;	/* whole lines, each ended by CRLF; or NULL */
	const void *body;
	size_t body_len;
};

/* `fields` and `body` are the caller's, and are used again and again. */
struct up_bench_response {
	int status;
	struct up_bench_field *fields;
	size_t nfields;
	struct up_bench_buf body;
};

/* ADDR is "IPv4:port", or a Unix socket's path that begins with '/'.  Connects
 * at the first request.  0, or -1 with errno; *out is NULL then. */
int up_bench_conn_new(const char *addr, struct up_bench_conn **out);
void up_bench_conn_free(struct up_bench_conn **);

/* Send one request and read its whole reply; 0 for any HTTP status.  -1 with
 * errno otherwise (EPROTO: not HTTP as expected; EAGAIN: no answer in 30 s;
 * EMSGSIZE: head over 64 KiB or body over 64 MiB), the connection is closed
 * then and the next request opens a new one.  When the server has closed a
 * connection that was kept open, before a byte of the reply, the request is
 * sent once more on a new one. */
int up_bench_conn_request(struct up_bench_conn *, const struct up_bench_request *,
    struct up_bench_response *);

/* Append; false when out of memory or past 64 MiB. */
bool up_bench_buf_put(struct up_bench_buf *, const void *p, size_t n);
void up_bench_buf_free(struct up_bench_buf *);

#endif
