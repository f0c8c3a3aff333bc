/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE	/* memmem */
#endif
#include "http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_TIMEOUT_S 30
#define READ_SIZE 16384u
#define HEAD_MAX 65536u
#define BUF_MAX (64u << 20)

struct up_bench_conn {
	struct sockaddr_storage addr;
	socklen_t addr_len;
	int fd;			/* -1: closed */
	bool used;		/* a reply was read on this connection */
	size_t pos;		/* bytes of `in` already consumed */
	struct up_bench_buf in;
	struct up_bench_buf out;
	struct up_bench_buf head;	/* a copy, so that `in` may move */
	char host[64];
};

/* What the head says about the rest. */
struct framing {
	bool chunked;
	bool has_length;
	bool close;
	size_t length;
};

static bool buf_reserve(struct up_bench_buf *b, size_t more)
{
	if (more > BUF_MAX || b->n > BUF_MAX - more) {
		errno = EMSGSIZE;
		return false;
	}
	if (b->n + more < b->cap)
		return true;
	size_t cap = b->cap ? b->cap : 1024;
	while (cap <= b->n + more)
		cap *= 2;
	char *p = realloc(b->p, cap);
	if (p == NULL)
		return false;
	b->p = p;
	b->cap = cap;
	return true;
}

bool up_bench_buf_put(struct up_bench_buf *b, const void *p, size_t n)
{
	if (!buf_reserve(b, n))
		return false;
	if (n > 0)
		memcpy(b->p + b->n, p, n);
	b->n += n;
	b->p[b->n] = '\0';
	return true;
}

void up_bench_buf_free(struct up_bench_buf *b)
{
	free(b->p);
	*b = (struct up_bench_buf){ 0 };
}

static bool buf_puts(struct up_bench_buf *b, const char *s)
{
	return up_bench_buf_put(b, s, strlen(s));
}

static int parse_unix(struct up_bench_conn *c, const char *path)
{
	struct sockaddr_un *un = (struct sockaddr_un *)&c->addr;

	if (strlen(path) >= sizeof(un->sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, path, strlen(path) + 1);
	c->addr_len = sizeof(*un);
	memcpy(c->host, "localhost", sizeof("localhost"));
	return 0;
}

static int parse_ipv4(struct up_bench_conn *c, const char *addr)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&c->addr;
	const char *colon = strchr(addr, ':');
	char ip[INET_ADDRSTRLEN];
	char *end;

	errno = EINVAL;
	if (colon == NULL || (size_t)(colon - addr) >= sizeof(ip) ||
	    strlen(addr) >= sizeof(c->host))
		return -1;
	memcpy(ip, addr, (size_t)(colon - addr));
	ip[colon - addr] = '\0';
	unsigned long port = strtoul(colon + 1, &end, 10);
	if (end == colon + 1 || *end != '\0' || port == 0 || port > UINT16_MAX ||
	    inet_pton(AF_INET, ip, &in->sin_addr) != 1)
		return -1;
	in->sin_family = AF_INET;
	in->sin_port = htons((uint16_t)port);
	c->addr_len = sizeof(*in);
	memcpy(c->host, addr, strlen(addr) + 1);
	return 0;
}

int up_bench_conn_new(const char *addr, struct up_bench_conn **out)
{
	*out = NULL;
	struct up_bench_conn *c = calloc(1, sizeof(*c));
	if (c == NULL)
		return -1;
	c->fd = -1;
	if ((addr[0] == '/' ? parse_unix(c, addr) : parse_ipv4(c, addr)) != 0) {
		up_bench_conn_free(&c);
		return -1;
	}
	*out = c;
	return 0;
}

static void disconnect(struct up_bench_conn *c)
{
	int saved = errno;

	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->used = false;
	errno = saved;
}

void up_bench_conn_free(struct up_bench_conn **cp)
{
	struct up_bench_conn *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	disconnect(c);
	up_bench_buf_free(&c->in);
	up_bench_buf_free(&c->out);
	up_bench_buf_free(&c->head);
	free(c);
}

static int reconnect(struct up_bench_conn *c)
{
	const struct timeval limit = { .tv_sec = ANSWER_TIMEOUT_S };
	const int on = 1;

	disconnect(c);
	c->fd = socket(c->addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return -1;
	if (setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) != 0 ||
	    setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) != 0)
		return -1;
	if (c->addr.ss_family == AF_INET &&
	    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0)
		return -1;
	return connect(c->fd, (struct sockaddr *)&c->addr, c->addr_len);
}

static bool put_length(struct up_bench_buf *b, size_t n)
{
	char digits[24];
	size_t i = sizeof(digits);

	do {
		digits[--i] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	return buf_puts(b, "Content-Length: ") &&
	    up_bench_buf_put(b, digits + i, sizeof(digits) - i) && buf_puts(b, "\r\n");
}

/* Built whole before the first send: the kernel sees one write a request. */
static bool build(struct up_bench_conn *c, const struct up_bench_request *r)
{
	struct up_bench_buf *b = &c->out;
	bool has_body = r->body_len > 0 || r->method[0] == 'P';	/* POST, PUT, PATCH */

	b->n = 0;
	return buf_puts(b, r->method) && buf_puts(b, " ") && buf_puts(b, r->path) &&
	    buf_puts(b, " HTTP/1.1\r\nHost: ") && buf_puts(b, c->host) && buf_puts(b, "\r\n") &&
	    (r->headers == NULL || buf_puts(b, r->headers)) &&
	    (!has_body || put_length(b, r->body_len)) && buf_puts(b, "\r\n") &&
	    up_bench_buf_put(b, r->body, r->body_len);
}

static int send_all(struct up_bench_conn *c)
{
	for (size_t done = 0; done < c->out.n;) {
		ssize_t n = send(c->fd, c->out.p + done, c->out.n - done, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		done += (size_t)n;
	}
	return 0;
}

/* Append what one recv() brings to `b`; 0 bytes is an error here (EPIPE). */
static int read_some(struct up_bench_conn *c, struct up_bench_buf *b, size_t want)
{
	ssize_t n;

	if (!buf_reserve(b, want))
		return -1;
	do
		n = recv(c->fd, b->p + b->n, want, 0);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		errno = EPIPE;
	if (n <= 0)
		return -1;
	b->n += (size_t)n;
	b->p[b->n] = '\0';
	return 0;
}

/* Copy the head, its last CRLF CRLF cut to one CRLF, to `head`. */
static int read_head(struct up_bench_conn *c)
{
	for (;;) {
		char *from = c->in.p + c->pos;
		char *end = c->in.n > c->pos ? memmem(from, c->in.n - c->pos, "\r\n\r\n", 4) : NULL;
		if (end != NULL) {
			c->head.n = 0;
			c->pos += (size_t)(end - from) + 4;
			return up_bench_buf_put(&c->head, from, (size_t)(end - from) + 2) ? 0 : -1;
		}
		if (c->in.n - c->pos > HEAD_MAX) {
			errno = EMSGSIZE;
			return -1;
		}
		if (read_some(c, &c->in, READ_SIZE) != 0)
			return -1;
	}
}

/* Digits in BASE (10 or 16) up to the first that is none; -1 when there is
 * none at all or the value passes BUF_MAX. */
static int parse_size(const char *s, unsigned base, size_t *out, const char **end)
{
	static const char digits[] = "0123456789abcdef";
	const char *start = s;
	size_t v = 0;

	for (; *s != '\0'; s++) {
		const char *d = memchr(digits, *s >= 'A' && *s <= 'F' ? *s + 32 : *s, base);
		if (d == NULL)
			break;
		v = v * base + (size_t)(d - digits);
		if (v > BUF_MAX) {
			errno = EMSGSIZE;
			return -1;
		}
	}
	*out = v;
	*end = s;
	errno = EPROTO;
	return s == start ? -1 : 0;
}

static int note_framing(struct framing *f, const char *name, const char *value)
{
	const char *end;

	if (strcasecmp(name, "Content-Length") == 0) {
		if (f->has_length || parse_size(value, 10, &f->length, &end) != 0 || *end != '\0')
			return -1;
		f->has_length = true;
	} else if (strcasecmp(name, "Transfer-Encoding") == 0) {
		if (strcasecmp(value, "chunked") != 0)
			return -1;
		f->chunked = true;
	} else if (strcasecmp(name, "Connection") == 0 && strcasecmp(value, "close") == 0) {
		f->close = true;
	}
	return 0;
}

static void note_field(struct up_bench_response *r, const char *name, const char *value)
{
	for (size_t i = 0; i < r->nfields; i++)
		if (r->fields[i].value == NULL && strcasecmp(r->fields[i].name, name) == 0) {
			r->fields[i].value = value;
			return;
		}
}

/* Cut the copied head into strings: status, then name and value of each line. */
static int parse_head(struct up_bench_conn *c, struct up_bench_response *r, struct framing *f)
{
	char *line = c->head.p;
	char *end = strstr(line, "\r\n");

	errno = EPROTO;
	*f = (struct framing){ 0 };
	if (end == NULL || end - line < 12 || memcmp(line, "HTTP/1.1 ", 9) != 0)
		return -1;
	r->status = 0;
	for (int i = 9; i < 12; i++) {
		if (line[i] < '0' || line[i] > '9')
			return -1;
		r->status = r->status * 10 + (line[i] - '0');
	}
	for (line = end + 2; *line != '\0'; line = end + 2) {
		char *colon = strchr(line, ':');
		end = strstr(line, "\r\n");
		if (end == NULL || colon == NULL || colon > end)
			return -1;
		*end = *colon = '\0';
		char *value = colon + 1 + strspn(colon + 1, " \t");
		for (char *t = end; t > value && (t[-1] == ' ' || t[-1] == '\t');)
			*--t = '\0';
		if (note_framing(f, line, value) != 0)
			return -1;
		note_field(r, line, value);
	}
	return f->chunked && f->has_length ? -1 : 0;
}

/* Move N bytes of the reply to `body`: first those already read, the rest
 * straight from the socket. */
static int read_exact(struct up_bench_conn *c, struct up_bench_buf *body, size_t n)
{
	size_t have = c->in.n - c->pos < n ? c->in.n - c->pos : n;

	if (!up_bench_buf_put(body, c->in.p + c->pos, have))
		return -1;
	c->pos += have;
	for (size_t target = body->n + (n - have); body->n < target;)
		if (read_some(c, body, target - body->n) != 0)
			return -1;
	return 0;
}

/* The next line of a chunked body, its CRLF cut off, good until the next read. */
static const char *read_line(struct up_bench_conn *c)
{
	for (;;) {
		char *from = c->in.p + c->pos;
		char *end = c->in.n > c->pos ? memmem(from, c->in.n - c->pos, "\r\n", 2) : NULL;
		if (end != NULL) {
			*end = '\0';
			c->pos += (size_t)(end - from) + 2;
			return from;
		}
		if (c->in.n - c->pos > HEAD_MAX) {
			errno = EMSGSIZE;
			return NULL;
		}
		if (read_some(c, &c->in, READ_SIZE) != 0)
			return NULL;
	}
}

static int read_chunked(struct up_bench_conn *c, struct up_bench_buf *body)
{
	const char *line, *end;
	size_t n;

	do {
		if ((line = read_line(c)) == NULL || parse_size(line, 16, &n, &end) != 0)
			return -1;
		if (*end != '\0' && *end != ';' && *end != ' ')
			return -1;
		if (n > 0 && read_exact(c, body, n) != 0)
			return -1;
		if (n > 0 && ((line = read_line(c)) == NULL || *line != '\0')) {
			errno = EPROTO;
			return -1;
		}
	} while (n > 0);
	do	/* trailer lines, then an empty one */
		if ((line = read_line(c)) == NULL)
			return -1;
	while (*line != '\0');
	return 0;
}

static int read_until_close(struct up_bench_conn *c, struct up_bench_buf *body)
{
	if (read_exact(c, body, c->in.n - c->pos) != 0)
		return -1;
	while (read_some(c, body, READ_SIZE) == 0)
		continue;
	return errno == EPIPE ? 0 : -1;
}

static int read_body(
    struct up_bench_conn *c, struct framing *f, bool none, struct up_bench_buf *body)
{
	if (none)
		return 0;
	if (f->chunked)
		return read_chunked(c, body);
	if (f->has_length)
		return read_exact(c, body, f->length);
	f->close = true;
	return read_until_close(c, body);
}

static int read_reply(
    struct up_bench_conn *c, const struct up_bench_request *req, struct up_bench_response *r)
{
	struct framing f;

	do {
		for (size_t i = 0; i < r->nfields; i++)
			r->fields[i].value = NULL;
		if (read_head(c) != 0 || parse_head(c, r, &f) != 0)
			return -1;
	} while (r->status < 200);
	bool none = r->status == 204 || r->status == 304 || strcmp(req->method, "HEAD") == 0;
	r->body.n = 0;
	if (!up_bench_buf_put(&r->body, "", 0) || read_body(c, &f, none, &r->body) != 0)
		return -1;
	if (c->pos != c->in.n) {	/* bytes nobody asked for */
		errno = EPROTO;
		return -1;
	}
	c->used = true;
	if (f.close)
		disconnect(c);
	return 0;
}

int up_bench_conn_request(struct up_bench_conn *c, const struct up_bench_request *req,
    struct up_bench_response *r)
{
	if (!build(c, req))
		return -1;
	for (;;) {
		bool kept = c->fd >= 0 && c->used;
		c->in.n = c->pos = 0;
		if ((c->fd >= 0 || reconnect(c) == 0) && send_all(c) == 0 &&
		    read_reply(c, req, r) == 0)
			return 0;
		bool closed = errno == EPIPE || errno == ECONNRESET;
		disconnect(c);
		if (!kept || !closed || c->in.n > 0)
			return -1;
	}
}
