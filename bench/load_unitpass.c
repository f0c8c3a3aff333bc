/* SPDX-License-Identifier: Apache-2.0 */
/* Complete logins against unitpassd, straight to its listener.
 *
 *   load_unitpass --listen IP:PORT --issuer URL --phones FILE --enrol CODES
 *   load_unitpass --listen IP:PORT --phones FILE --client ID --secret-file FILE --threads N
 * --logins M
 *                 [--rate R --watch IP:PORT] [--item CODE] [--pid SERVER]
 *
 * The first form enrols the phones that the second one uses; CODES is told in
 * phones.h.  A login is: POST /device_authorization (client_secret_basic, with
 * what a portal tells about the browser), one POST /token that must be answered
 * authorization_pending, the page's current frame, POST /holder/scan and POST
 * /holder/decisions with their proofs, POST /token for the ID token.  Each
 * thread has one kept connection and phones of its own.
 *
 * Without --rate: full speed, and the frame is one snapshot (/watch as JSON).
 * With --rate: R logins begin each second whether or not earlier ones have
 * ended, and each has a page that waits on a stream of its own at --watch;
 * signed in is when that page has its `approved` and then the ID token is there.
 *
 * ID tokens are kept and all verified after the clock has stopped: it is the
 * portal's work, and the load has a core of its own to lose.  One JSON line on
 * stdout.  Any unexpected answer is an error: told once, ends its thread, and
 * the exit status is 1. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "measure.h"
#include "phones.h"
#include "portal.h"
#include "stream.h"

#include "core/jws.h"

#define THREADS_MAX 256
#define GRANT "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code="

static struct {
	const char *listen, *watch, *issuer, *phones_file, *codes, *client, *secret_file, *item;
	long threads, logins, rate, pid;
	char portal_headers[512];
	struct up_bench_phones *phones;
	char **tokens;			/* one for each login; NULL until done */
	uint32_t *login_us, *confirm_us, *late_us;
	int64_t start_us;
	atomic_long next, done, errors;
	pthread_barrier_t ready, start;
} run;

struct user {
	long number;
	struct up_bench_conn *conn;
	struct up_bench_field field;
	struct up_bench_response res;
	struct up_bench_caller caller;
	struct up_bench_stream page;
	char device_code[64], watch[64], frame[400];
};

static bool unexpected(const struct user *u, const char *step)
{
	up_bench_complain("%s: status %d: %.300s", step, u->res.status,
	    u->res.body.p != NULL ? u->res.body.p : strerror(errno));
	return false;
}

/* --- the portal's part --- */

static bool request(
    struct user *u, const char *method, const char *path, const char *headers, const char *body)
{
	const struct up_bench_request req = {
		.method = method, .path = path, .headers = headers, .body = body,
		.body_len = strlen(body),
	};

	u->res.status = 0;
	return up_bench_conn_request(u->conn, &req, &u->res) == 0 || unexpected(u, path);
}

/* The text member NAME of a JSON answer of unitpassd, which has no spaces. */
static bool take(const struct user *u, const char *name, char *out, size_t size)
{
	char key[64];

	snprintf(key, sizeof(key), "\"%s\":\"", name);
	const char *p = strstr(u->res.body.p, key);
	size_t n = p != NULL ? strcspn(p + strlen(key), "\"") : size;
	if (n >= size)
		return false;
	memcpy(out, p + strlen(key), n);
	out[n] = '\0';
	return true;
}

static bool begin(struct user *u, long i)
{
	char body[512], nonce[32], uri[256];

	up_bench_portal_begin(i, u->number, nonce, body, sizeof(body));
	if (run.item != NULL)
		snprintf(body + strlen(body), sizeof(body) - strlen(body), "&item=%s", run.item);
	if (!request(u, "POST", "/device_authorization", run.portal_headers, body))
		return false;
	const char *path = NULL;
	if (u->res.status == 200 &&
	    take(u, "device_code", u->device_code, sizeof(u->device_code)) &&
	    take(u, "watch_uri", uri, sizeof(uri)))
		path = strstr(uri, "/watch/");
	if (path == NULL ||
	    (size_t)snprintf(u->watch, sizeof(u->watch), "%s", path) >= sizeof(u->watch))
		return unexpected(u, "device authorization");
	return true;
}

static bool poll(struct user *u)
{
	char body[sizeof(GRANT) + sizeof(u->device_code)];

	snprintf(body, sizeof(body), "%s%s", GRANT, u->device_code);
	return request(u, "POST", "/token", run.portal_headers, body);
}

static bool poll_pending(struct user *u)
{
	if (!poll(u))
		return false;
	return (u->res.status == 400 &&
		   strstr(u->res.body.p, "\"authorization_pending\"") != NULL) ||
	    unexpected(u, "pending poll");
}

static bool redeem(struct user *u, long i)
{
	char token[2048];

	if (!poll(u))
		return false;
	if (u->res.status != 200 || !take(u, "id_token", token, sizeof(token)))
		return unexpected(u, "redemption");
	run.tokens[i] = strdup(token);
	return run.tokens[i] != NULL;
}

/* --- the page's part --- */

static bool see_frame(struct user *u)
{
	if (run.watch == NULL) {
		if (!request(u, "GET", u->watch, "Accept: application/json\r\n", ""))
			return false;
		return (u->res.status == 200 && take(u, "text", u->frame, sizeof(u->frame))) ||
		    unexpected(u, "frame");
	}
	if (up_bench_stream_open(&u->page, run.watch, u->watch) &&
	    up_bench_stream_wait(&u->page, "frame", "text", u->frame, sizeof(u->frame)))
		return true;
	up_bench_complain("page: no frame: %.200s", u->page.n > 0 ? u->page.buf : strerror(errno));
	return false;
}

static bool see_approved(struct user *u)
{
	char state[16] = "";

	while (run.watch != NULL && strcmp(state, "approved") != 0)
		if (!up_bench_stream_wait(&u->page, "state", "state", state, sizeof(state))) {
			up_bench_complain("page: no approval after state '%s'", state);
			return false;
		}
	up_bench_stream_close(&u->page);
	return true;
}

/* --- a login --- */

static const struct up_bench_phone *phone_of(const struct user *u, long i)
{
	/* Of this thread alone: thread, thread + threads, ... */
	size_t own = (run.phones->n - (size_t)u->number + (size_t)run.threads - 1) /
	    (size_t)run.threads;

	return &run.phones->phones[(size_t)u->number + (size_t)i % own * (size_t)run.threads];
}

static bool login(struct user *u, long i)
{
	const struct up_bench_phone *phone = phone_of(u, i);
	struct up_bench_view view;
	int64_t t0 = up_bench_now_us();

	if (!begin(u, i) || !poll_pending(u) || !see_frame(u) ||
	    !up_bench_phone_scan(&u->caller, phone, u->frame, &view))
		return false;
	int64_t t1 = up_bench_now_us();
	if (!up_bench_phone_approve(&u->caller, phone, &view) || !see_approved(u) || !redeem(u, i))
		return false;
	int64_t t2 = up_bench_now_us();
	run.login_us[i] = (uint32_t)(t2 - t0);
	run.confirm_us[i] = (uint32_t)(t2 - t1);
	return true;
}

static bool user_open(struct user *u)
{
	u->page.fd = -1;
	u->field.name = "DPoP-Nonce";
	u->res = (struct up_bench_response){ .fields = &u->field, .nfields = 1 };
	if (up_bench_conn_new(run.listen, &u->conn) != 0)
		return unexpected(u, run.listen);
	u->caller =
	    (struct up_bench_caller) { .phones = run.phones, .conn = u->conn, .res = &u->res };
	return true;
}

static void *user_main(void *arg)
{
	struct user *u = arg;
	bool ok = user_open(u);
	long i;

	pthread_barrier_wait(&run.ready);
	pthread_barrier_wait(&run.start);
	while (ok && (i = atomic_fetch_add(&run.next, 1)) < run.logins) {
		if (run.rate > 0) {
			int64_t due = run.start_us + i * 1000000 / run.rate;
			up_bench_sleep_until_us(due);
			run.late_us[i] = (uint32_t)(up_bench_now_us() - due);
		}
		ok = login(u, i);
		atomic_fetch_add(&run.done, ok);
	}
	atomic_fetch_add(&run.errors, !ok);
	up_bench_stream_close(&u->page);
	up_bench_conn_free(&u->conn);
	up_bench_buf_free(&u->res.body);
	return NULL;
}

/* --- ID tokens --- */

static json_t *fetch_jwks(void)
{
	struct user u = { 0 };
	json_t *o = NULL;

	if (user_open(&u) && request(&u, "GET", "/jwks", NULL, "") && u.res.status == 200)
		o = json_loadb(u.res.body.p, u.res.body.n, 0, NULL);
	up_bench_conn_free(&u.conn);
	up_bench_buf_free(&u.res.body);
	return o;
}

/* As a portal does (OpenID Connect Core 3.1.3.7). */
static bool check_token(long i, const json_t *jwks)
{
	char nonce[32], body[512];
	struct up_jwt jwt;

	up_bench_portal_begin(i, 0, nonce, body, sizeof(body));
	const struct up_jwt_expect want = {
		.iss = run.phones->issuer, .aud = run.client, .nonce = nonce, .need_exp = true,
		.need_iat = true,
		.need_jti = true, .now_s = time(NULL), .leeway_s = 60,
	};
	bool ok = up_jwt_parse(up_span_str(run.tokens[i]), NULL, &jwt) == UP_OK &&
	    up_jws_verify(&jwt, jwks) == UP_OK && up_jwt_expect(&jwt, &want) == UP_OK;
	if (!ok)
		up_bench_complain("ID token refused: %.400s", run.tokens[i]);
	up_jwt_free(&jwt);
	return ok;
}

static void check_tokens(void)
{
	json_t *jwks = fetch_jwks();

	for (long i = 0; i < run.logins; i++) {
		if (run.tokens[i] != NULL && !check_token(i, jwks))
			atomic_fetch_add(&run.errors, 1);
		free(run.tokens[i]);
	}
	json_decref(jwks);
}

/* --- figures --- */

static void put_quantiles(const char *name, uint32_t *us, size_t n)
{
	up_bench_sort(us, n);
	printf("\"%s_p50_ms\":%.3f,\"%s_p99_ms\":%.3f,", name, up_bench_quantile_ms(us, n, 0.5),
	    name, up_bench_quantile_ms(us, n, 0.99));
}

static void report(double seconds, double cpu_ms, double own_ms)
{
	long done = atomic_load(&run.done), errors = atomic_load(&run.errors);
	size_t n = errors == 0 ? (size_t)run.logins : 0;	/* times have gaps otherwise */

	printf("{\"logins\":%ld,\"seconds\":%.3f,\"rate\":%.1f,", done, seconds,
	    (double)done / seconds);
	if (run.rate > 0)
		printf("\"asked_rate\":%ld,", run.rate);
	if (run.pid != 0)
		printf("\"cpu_ms_per_login\":%.4f,\"server_busy\":%.3f,\"rss_kb\":%ld,",
		    done > 0 ? cpu_ms / (double)done : 0, cpu_ms / 1e3 / seconds,
		    up_bench_rss_kb(run.pid));
	printf("\"load_ms_per_login\":%.4f,\"load_busy\":%.3f,",
	    done > 0 ? own_ms / (double)done : 0, own_ms / 1e3 / seconds);
	if (run.rate > 0)
		put_quantiles("late", run.late_us, n);
	put_quantiles("login", run.login_us, n);
	put_quantiles("confirm", run.confirm_us, n);
	printf("\"frame\":\"%s\",\"errors\":%ld}\n", run.watch != NULL ? "stream" : "snapshot",
	    errors);
}

static int measure(void)
{
	static struct user users[THREADS_MAX];
	pthread_t threads[THREADS_MAX];

	pthread_barrier_init(&run.ready, NULL, (unsigned)run.threads + 1);
	pthread_barrier_init(&run.start, NULL, (unsigned)run.threads + 1);
	for (long i = 0; i < run.threads; i++) {
		users[i].number = i;
		if (pthread_create(&threads[i], NULL, user_main, &users[i]) != 0)
			abort();
	}
	pthread_barrier_wait(&run.ready);
	double cpu = run.pid != 0 ? up_bench_cpu_ms(run.pid) : 0, own = up_bench_own_cpu_ms();
	run.start_us = up_bench_now_us();
	pthread_barrier_wait(&run.start);
	for (long i = 0; i < run.threads; i++)
		pthread_join(threads[i], NULL);
	double seconds = (double)(up_bench_now_us() - run.start_us) / 1e6;
	double cpu_end = run.pid != 0 ? up_bench_cpu_ms(run.pid) : 0;
	own = up_bench_own_cpu_ms() - own;
	if (cpu < 0 || cpu_end < 0) {
		up_bench_complain("no such process: %ld", run.pid);
		atomic_fetch_add(&run.errors, 1);
	}
	check_tokens();
	report(seconds, cpu_end - cpu, own);
	return atomic_load(&run.errors) == 0 ? 0 : 1;
}

/* --- arguments --- */

static void usage(void)
{
	fputs("usage: load_unitpass --listen IP:PORT --issuer URL --phones FILE --enrol CODES\n"
	      "       load_unitpass --listen IP:PORT --phones FILE --client ID --secret-file FILE "
	      "--threads N --logins M\n"
	      "                     [--rate R --watch IP:PORT] [--item CODE] [--pid SERVER]\n",
	    stderr);
	exit(2);
}

static void parse_args(int argc, char **argv)
{
	static const struct option options[] = {
		{ "listen", required_argument, NULL, 'l' },
		{ "watch", required_argument, NULL, 'w' },
		{ "issuer", required_argument, NULL, 'u' },
		{ "phones", required_argument, NULL, 'f' },
		{ "enrol", required_argument, NULL, 'e' },
		{ "client", required_argument, NULL, 'c' },
		{ "secret-file", required_argument, NULL, 's' },
		{ "threads", required_argument, NULL, 't' },
		{ "logins", required_argument, NULL, 'n' },
		{ "rate", required_argument, NULL, 'r' },
		{ "item", required_argument, NULL, 'i' },
		{ "pid", required_argument, NULL, 'p' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (c) {
		case 'l': run.listen = optarg; break;
		case 'w': run.watch = optarg; break;
		case 'u': run.issuer = optarg; break;
		case 'f': run.phones_file = optarg; break;
		case 'e': run.codes = optarg; break;
		case 'c': run.client = optarg; break;
		case 's': run.secret_file = optarg; break;
		case 't': run.threads = up_bench_number("--threads", optarg, 1, THREADS_MAX); break;
		case 'n': run.logins = up_bench_number("--logins", optarg, 1, 10000000); break;
		case 'r': run.rate = up_bench_number("--rate", optarg, 1, 1000000); break;
		case 'i': run.item = optarg; break;
		case 'p': run.pid = up_bench_number("--pid", optarg, 1, 0x7fffffff); break;
		default: usage();
		}
	if (run.listen == NULL || run.phones_file == NULL || optind != argc ||
	    (run.codes != NULL && run.issuer == NULL))
		usage();
	if (run.codes == NULL &&
	    (run.client == NULL || run.secret_file == NULL || run.threads == 0 || run.logins == 0))
		usage();
}

int main(int argc, char **argv)
{
	parse_args(argc, argv);
	if (run.codes != NULL)
		return up_bench_phones_enrol(run.listen, run.issuer, run.codes, run.phones_file)
		    ? 0
		    : 1;
	if (!up_bench_portal_headers(
		run.client, run.secret_file, run.portal_headers, sizeof(run.portal_headers)) ||
	    !up_bench_phones_load(run.phones_file, &run.phones))
		return 1;
	if (run.phones->n < (size_t)run.threads) {
		fprintf(stderr, "load_unitpass: %zu phones are too few for %ld threads\n",
		    run.phones->n, run.threads);
		return 2;
	}
	run.tokens = calloc((size_t)run.logins, sizeof(*run.tokens));
	run.login_us = calloc((size_t)run.logins, sizeof(uint32_t));
	run.confirm_us = calloc((size_t)run.logins, sizeof(uint32_t));
	run.late_us = calloc((size_t)run.logins, sizeof(uint32_t));
	if (run.tokens == NULL || run.login_us == NULL || run.confirm_us == NULL ||
	    run.late_us == NULL)
		abort();
	int rc = measure();
	free(run.tokens);
	free(run.login_us);
	free(run.confirm_us);
	free(run.late_us);
	up_bench_phones_free(&run.phones);
	return rc;
}
