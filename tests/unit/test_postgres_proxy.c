/* SPDX-License-Identifier: Apache-2.0
 * A proxy that cuts the connection around a COMMIT. */
#define _GNU_SOURCE 1                    /* memmem */
#include <libpq-fe.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "test_postgres.h"

#define PAIRS 32
#define SOCKET "/.s.PGSQL.5432"

struct pair { int client, server; bool answer_wanted; };

struct proxy {
	char folder[64], to[108];
	int listener, stop[2];
	pthread_t thread;
	atomic_int mode;
	atomic_bool did;
	struct pair pairs[PAIRS];
};

static int open_socket(const char *path, bool listening)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	if (listening) {
		CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
		CU_ASSERT_EQUAL_FATAL(listen(fd, 16), 0);
	} else if (connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static void end_side(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void end_pair(struct pair *pair)
{
	end_side(&pair->client);
	end_side(&pair->server);
	pair->answer_wanted = false;
}

static void take_client(struct proxy *p)
{
	int client = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC);

	for (size_t i = 0; client >= 0 && i < PAIRS; i++) {
		struct pair *pair = &p->pairs[i];

		if (pair->client >= 0 || pair->server >= 0)
			continue;
		pair->server = open_socket(p->to, false);
		pair->client = client;
		if (pair->server < 0)
			end_pair(pair);
		return;
	}
	end_side(&client);
}

static void pass(int fd, const char *bytes, ssize_t n)
{
	(void)!send(fd, bytes, (size_t)n, MSG_NOSIGNAL);
}

/* The BYTES have a COMMIT. */
static void cut(struct proxy *p, struct pair *pair, const char *bytes, ssize_t n)
{
	switch (atomic_exchange(&p->mode, PROXY_THROUGH)) {
	case PROXY_CUT_BEFORE:
		end_pair(pair);
		break;
	case PROXY_CUT_AFTER:
		pass(pair->server, bytes, n);
		pair->answer_wanted = true;
		return;
	case PROXY_CUT_AT_ONCE:
		pass(pair->server, bytes, n);
		end_pair(pair);
		break;
	case PROXY_HALF_AFTER:
		pass(pair->server, bytes, n);
		end_side(&pair->client);
		break;
	default:
		end_side(&pair->client);
		break;
	}
	atomic_store(&p->did, true);
}

static void from_client(struct proxy *p, struct pair *pair)
{
	char bytes[65536];
	ssize_t n = recv(pair->client, bytes, sizeof(bytes), 0);

	if (n <= 0)
		end_pair(pair);
	else if (atomic_load(&p->mode) != PROXY_THROUGH && memmem(bytes, (size_t)n, "\0commit", 7))
		cut(p, pair, bytes, n);
	else
		pass(pair->server, bytes, n);
}

static void from_server(struct proxy *p, struct pair *pair)
{
	char bytes[65536];
	ssize_t n = recv(pair->server, bytes, sizeof(bytes), 0);

	if (n <= 0 || pair->answer_wanted) {
		atomic_store(&p->did, atomic_load(&p->did) || pair->answer_wanted);
		end_pair(pair);
	} else if (pair->client >= 0) {
		pass(pair->client, bytes, n);
	}
}

static void *work(void *arg)
{
	struct proxy *p = arg;
	struct pollfd fds[2 + 2 * PAIRS];

	for (;;) {
		fds[0] = (struct pollfd){ .fd = p->stop[0], .events = POLLIN };
		fds[1] = (struct pollfd){ .fd = p->listener, .events = POLLIN };
		for (size_t i = 0; i < PAIRS; i++) {
			fds[2 + 2 * i] = (struct pollfd){ p->pairs[i].client, POLLIN, 0 };
			fds[3 + 2 * i] = (struct pollfd){ p->pairs[i].server, POLLIN, 0 };
		}
		if (poll(fds, UP_ARRAY_LEN(fds), -1) < 0)
			continue;
		if (fds[0].revents != 0)
			return NULL;
		for (size_t i = 0; i < PAIRS; i++) {
			if (fds[2 + 2 * i].revents != 0)
				from_client(p, &p->pairs[i]);
			if (fds[3 + 2 * i].revents != 0 && p->pairs[i].server >= 0)
				from_server(p, &p->pairs[i]);
		}
		if (fds[1].revents != 0)
			take_client(p);
	}
}

/* The folder of the server's socket. */
static void find_host(const char *url, char out[64])
{
	PQconninfoOption *options = PQconninfoParse(url, NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(options);
	for (PQconninfoOption *o = options; o->keyword != NULL; o++)
		if (strcmp(o->keyword, "host") == 0)
			snprintf(out, 64, "%s", o->val);
	PQconninfoFree(options);
}

struct proxy *proxy_start(const char *to, char url[POSTGRES_URL])
{
	struct proxy *p = calloc(1, sizeof(*p));
	char host[64], path[108];

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	strcpy(p->folder, "/tmp/unitpass-proxy-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(p->folder));
	find_host(to, host);
	snprintf(p->to, sizeof(p->to), "%s" SOCKET, host);
	snprintf(path, sizeof(path), "%s" SOCKET, p->folder);
	snprintf(url, POSTGRES_URL, "%.*s?host=%s", (int)strcspn(to, "?"), to, p->folder);
	for (size_t i = 0; i < PAIRS; i++)
		p->pairs[i] = (struct pair){ -1, -1, false };
	p->listener = open_socket(path, true);
	CU_ASSERT_EQUAL_FATAL(pipe(p->stop), 0);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&p->thread, NULL, work, p), 0);
	return p;
}

void proxy_arm(struct proxy *p, enum proxy_mode mode)
{
	atomic_store(&p->did, false);
	atomic_store(&p->mode, mode);
}

bool proxy_did(struct proxy *p)
{
	return atomic_load(&p->did);
}

void proxy_stop(struct proxy **pp)
{
	struct proxy *p = *pp;
	char path[108];

	*pp = NULL;
	close(p->stop[1]);
	pthread_join(p->thread, NULL);
	for (size_t i = 0; i < PAIRS; i++)
		end_pair(&p->pairs[i]);
	close(p->listener);
	close(p->stop[0]);
	snprintf(path, sizeof(path), "%s" SOCKET, p->folder);
	unlink(path);
	rmdir(p->folder);
	free(p);
}
