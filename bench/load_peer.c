/* SPDX-License-Identifier: Apache-2.0 */
/* Complete RFC 8628 logins against a peer of unitpass, at full speed.
 *
 *   load_peer --peer oidc-provider|glewlwyd --port P --threads N --logins M
 *             [--pid SERVER] --json
 *
 * A login: device authorization request, one poll that must be answered
 * authorization_pending, approval with the requests that peer's user makes in
 * her browser, redemption for an ID token signed with ES256.  Each thread is
 * one user with one kept connection; she signs in (and, where the peer asks,
 * consents) once before the clock starts, which is the cheapest honest case
 * for the peer: approving is then opening the link and confirming.  With --pid
 * the CPU time of that process and its waited-for children is read when the
 * clock starts and when it stops.
 *
 * Redemption follows approval at once, without the interval that a device
 * would wait: idle time costs the server nothing.  Both peers allow it; glewlwyd
 * says slow_down only to a code that is still pending.
 *
 * Times of a login are those of its requests.  Any unexpected answer,
 * slow_down among them, is an error: it is told once on stderr, ends its
 * thread, and the exit status is 1. */
#include "peers/peer.h"

#include <getopt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 256

static struct {
	const char *peer;
	long port;
	long threads;
	long logins;
	long pid;		/* 0: none */
	uint32_t *login_us;	/* one for each login */
	uint32_t *redeem_us;
	atomic_long next;
	atomic_long done;
	atomic_long errors;
	pthread_barrier_t signed_in;
	pthread_barrier_t start;
} run;

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static bool login(struct up_peer_user *u, long i)
{
	int64_t t0 = now_us();

	if (!up_peer_user_authorize(u) || !up_peer_user_poll_pending(u) || !up_peer_user_approve(u))
		return false;
	int64_t t1 = now_us();
	if (!up_peer_user_redeem(u))
		return false;
	int64_t t2 = now_us();
	run.login_us[i] = (uint32_t)(t2 - t0);
	run.redeem_us[i] = (uint32_t)(t2 - t1);
	return true;
}

static void *user_main(void *arg)
{
	struct up_peer_user *u = up_peer_user_new(run.peer, run.port);
	bool ok = u != NULL && up_peer_user_sign_in(u);
	long i;

	(void)arg;
	if (u == NULL)
		fprintf(stderr, "load_peer: no such peer, or no memory: %s\n", run.peer);
	pthread_barrier_wait(&run.signed_in);
	pthread_barrier_wait(&run.start);
	while (ok && (i = atomic_fetch_add(&run.next, 1)) < run.logins) {
		ok = login(u, i);
		atomic_fetch_add(&run.done, ok);
	}
	atomic_fetch_add(&run.errors, !ok);
	up_peer_user_free(&u);
	return NULL;
}

/* User and system time of the server and its waited-for children, in ms
 * (proc(5): fields 14 to 17 of stat); -1 when it cannot be read. */
static double server_cpu_ms(void)
{
	char path[64], line[1024];
	long v[4];

	if (run.pid == 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/%ld/stat", run.pid);
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return -1;
	bool ok = fgets(line, sizeof(line), f) != NULL;
	fclose(f);
	/* The name, in parentheses, may hold spaces: begin after it. */
	const char *p = ok ? strrchr(line, ')') : NULL;
	if (p == NULL ||
	    sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld %ld %ld", &v[0],
		&v[1], &v[2], &v[3]) != 4)
		return -1;
	return (double)(v[0] + v[1] + v[2] + v[3]) * 1000 / (double)sysconf(_SC_CLK_TCK);
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* The value below which P of the N sorted ones lie, in ms. */
static double quantile_ms(const uint32_t *us, long n, double p)
{
	return n > 0 ? us[(long)((double)(n - 1) * p)] / 1000.0 : 0;
}

static void report(double seconds, double cpu_ms, long errors)
{
	long n = errors == 0 ? run.logins : 0;	/* times have gaps otherwise */
	long done = atomic_load(&run.done);

	qsort(run.login_us, (size_t)n, sizeof(uint32_t), by_value);
	qsort(run.redeem_us, (size_t)n, sizeof(uint32_t), by_value);
	printf("{\"logins\":%ld,\"seconds\":%.3f,\"rate\":%.1f,", done, seconds,
	    (double)done / seconds);
	if (run.pid != 0)
		printf("\"cpu_ms_per_login\":%.3f,", done > 0 ? cpu_ms / (double)done : 0);
	printf("\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"redeem_p50_ms\":%.3f,\"redeem_p99_ms\":%.3f,"
	    "\"errors\":%ld}\n",
	    quantile_ms(run.login_us, n, 0.5), quantile_ms(run.login_us, n, 0.99),
	    quantile_ms(run.redeem_us, n, 0.5), quantile_ms(run.redeem_us, n, 0.99), errors);
}

static void usage(void)
{
	fputs("usage: load_peer --peer oidc-provider|glewlwyd --port P --threads N --logins M"
	    " [--pid SERVER] --json\n", stderr);
	exit(2);
}

static long number(const char *s, long max)
{
	char *end;
	long v = strtol(s, &end, 10);

	if (end == s || *end != '\0' || v < 1 || v > max)
		usage();
	return v;
}

static void parse_args(int argc, char **argv)
{
	static const struct option options[] = {
		{ "peer", required_argument, NULL, 'e' },
		{ "port", required_argument, NULL, 'p' },
		{ "threads", required_argument, NULL, 't' },
		{ "logins", required_argument, NULL, 'n' },
		{ "pid", required_argument, NULL, 'i' },
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (c) {
		case 'e': run.peer = optarg; break;
		case 'p': run.port = number(optarg, UINT16_MAX); break;
		case 't': run.threads = number(optarg, THREADS_MAX); break;
		case 'n': run.logins = number(optarg, 100000000); break;
		case 'i': run.pid = number(optarg, INT32_MAX); break;
		case 'j': break;	/* the only format */
		default: usage();
		}
	if (run.peer == NULL || run.port == 0 || run.threads == 0 || run.logins == 0 ||
	    optind != argc)
		usage();
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS_MAX];

	parse_args(argc, argv);
	run.login_us = calloc((size_t)run.logins, sizeof(uint32_t));
	run.redeem_us = calloc((size_t)run.logins, sizeof(uint32_t));
	if (run.login_us == NULL || run.redeem_us == NULL)
		abort();
	pthread_barrier_init(&run.signed_in, NULL, (unsigned)run.threads + 1);
	pthread_barrier_init(&run.start, NULL, (unsigned)run.threads + 1);
	for (long i = 0; i < run.threads; i++)
		if (pthread_create(&threads[i], NULL, user_main, NULL) != 0)
			abort();
	pthread_barrier_wait(&run.signed_in);
	double cpu0 = server_cpu_ms();
	int64_t t0 = now_us();
	pthread_barrier_wait(&run.start);
	for (long i = 0; i < run.threads; i++)
		pthread_join(threads[i], NULL);
	double seconds = (double)(now_us() - t0) / 1e6;
	double cpu1 = server_cpu_ms();
	if (cpu0 < 0 || cpu1 < 0) {
		fprintf(stderr, "load_peer: no such process: %ld\n", run.pid);
		atomic_fetch_add(&run.errors, 1);
	}
	long errors = atomic_load(&run.errors);
	report(seconds, cpu1 - cpu0, errors);
	free(run.login_us);
	free(run.redeem_us);
	return errors == 0 ? 0 : 1;
}
