/* SPDX-License-Identifier: Apache-2.0 */
#include "stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static bool connect_to(struct up_bench_stream *s, const char *addr)
{
	const struct timeval limit = { .tv_sec = 30 };
	struct sockaddr_in in = { .sin_family = AF_INET };
	const char *colon = strrchr(addr, ':');
	char ip[INET_ADDRSTRLEN];

	errno = EINVAL;
	if (colon == NULL || (size_t)(colon - addr) >= sizeof(ip))
		return false;
	memcpy(ip, addr, (size_t)(colon - addr));
	ip[colon - addr] = '\0';
	if (inet_pton(AF_INET, ip, &in.sin_addr) != 1)
		return false;
	in.sin_port = htons((uint16_t)atoi(colon + 1));
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return s->fd >= 0 &&
	    setsockopt(s->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0 &&
	    connect(s->fd, (const struct sockaddr *)&in, sizeof(in)) == 0;
}

bool up_bench_stream_open(struct up_bench_stream *s, const char *addr, const char *path)
{
	char request[512];

	s->n = 0;
	int n = snprintf(request, sizeof(request),
	    "GET %s HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\n\r\n", path, addr);
	if (n > 0 && (size_t)n < sizeof(request) && connect_to(s, addr) &&
	    send(s->fd, request, (size_t)n, MSG_NOSIGNAL) == n)
		return true;
	up_bench_stream_close(s);
	return false;
}

static bool read_more(struct up_bench_stream *s)
{
	ssize_t n;

	if (s->n + 1 >= sizeof(s->buf))
		return false;
	do
		n = recv(s->fd, s->buf + s->n, sizeof(s->buf) - 1 - s->n, 0);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return false;
	s->n += (size_t)n;
	s->buf[s->n] = '\0';
	return s->n < 12 || strncmp(s->buf, "HTTP/1.1 ", 9) != 0 ||
	    strncmp(s->buf + 9, "200", 3) == 0;
}

static void drop(struct up_bench_stream *s, const char *upto)
{
	s->n -= (size_t)(upto - s->buf);
	memmove(s->buf, upto, s->n + 1);
}

/* The value of MEMBER in the event that begins at FROM and ends before END. */
static bool find_value(
    const char *from, const char *end, const char *member, char *value, size_t size)
{
	char key[64];

	snprintf(key, sizeof(key), "\"%s\":\"", member);
	const char *p = strstr(from, key);
	if (p == NULL || p >= end)
		return false;
	p += strlen(key);
	size_t n = strcspn(p, "\"");
	if (n >= size || p + n >= end)
		return false;
	memcpy(value, p, n);
	value[n] = '\0';
	return true;
}

bool up_bench_stream_wait(struct up_bench_stream *s, const char *name, const char *member,
    char *value, size_t size)
{
	char want[64];

	snprintf(want, sizeof(want), "event: %s\n", name);
	while (s->fd >= 0) {
		char *event = s->n > 0 ? strstr(s->buf, want) : NULL;
		char *end = event != NULL ? strstr(event, "\n\n") : NULL;
		if (end != NULL) {
			bool ok = find_value(event, end, member, value, size);
			drop(s, end + 2);
			return ok;
		}
		if (!read_more(s))
			return false;
	}
	return false;
}

void up_bench_stream_close(struct up_bench_stream *s)
{
	int saved = errno;

	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	s->n = 0;
	errno = saved;
}
