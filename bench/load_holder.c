/* SPDX-License-Identifier: Apache-2.0
 * Calls of holders against unitpassd, straight to its listener: what a principal does about the
 * people of her unit.
 *
 *   load_holder WHAT --listen IP:PORT --phones FILE --threads N --calls M [--one] [--item CODE]
 *                    [--pid SERVER]
 *
 * WHAT is one of
 *   grants       give the newest user of the unit ITEM (POST /holder/grants), and take it back
 *                (POST ../cancel): M of both, each with the password, a signed body and an
 *                idempotency key
 *   users        a list page of the unit's users
 *   grants-list  a list page of its grants
 *   devices      a list page of its phones
 *   items        the items that may be granted: a call that reads as little as any
 *
 * Each thread has a kept connection, and a phone of FILE in turn, or the first with --one. Pages
 * are read from the newest on to the oldest and again. One JSON line on stdout. An unexpected
 * answer is an error: told once, ends its thread, and the exit status is 1. */
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "measure.h"
#include "phones.h"

#define THREADS_MAX 256
#define PAGE 50                          /* as it is without a limit */

static struct {
	const char *what, *listen, *phones_file, *item;
	long threads, calls, pid;
	bool one;
	struct up_bench_phones *phones;
	char from[16], to[16];
	uint32_t *call_us, *cancel_us;
	atomic_long next, done, errors, rows;
	pthread_barrier_t ready, start;
} run;

struct holder {
	long number;
	const struct up_bench_phone *phone;
	struct up_bench_conn *conn;
	struct up_bench_field field;
	struct up_bench_response res;
	struct up_bench_caller caller;
	char certificate[64], user[32];
	json_int_t before;               /* where the next page begins; 0: at the newest */
};

/* --- calls --- */

static json_t *get(struct holder *h, const char *path)
{
	const struct up_bench_call call = { .path = path };

	return up_bench_phone_call(&h->caller, h->phone, &call);
}

static json_t *change(struct holder *h, const char *path, const char *body)
{
	const struct up_bench_call call = { .path = path, .body = body, .change = true };

	return up_bench_phone_call(&h->caller, h->phone, &call);
}

/* The text member NAME of the first element of LIST in O; false: there is none. */
static bool first(const json_t *o, const char *list, const char *name, char *out, size_t size)
{
	const json_t *one = json_array_get(json_object_get(o, list), 0);
	const char *s = json_string_value(json_object_get(one, name));

	return s != NULL && (size_t)snprintf(out, size, "%s", s) < size;
}

static bool page(struct holder *h, const char *list)
{
	char path[200], part[60] = "";

	if (h->before != 0)
		snprintf(part, sizeof(part), "&limit=%d&before=%lld", PAGE, (long long)h->before);
	snprintf(path, sizeof(path), "/holder/%s?certificate=%s%s", list, h->certificate, part);
	json_t *o = get(h, path);
	size_t n = json_array_size(json_object_get(o, list));
	bool good = o != NULL;

	if (good && h->user[0] == '\0')
		first(o, list, "ref", h->user, sizeof(h->user));
	h->before = json_integer_value(json_object_get(o, "next"));
	atomic_fetch_add(&run.rows, (long)n);
	json_decref(o);
	return good;
}

static bool grant(struct holder *h, long i)
{
	char body[600], path[100], id[32] = "";
	int64_t t0 = up_bench_now_us();

	snprintf(body, sizeof(body), "{\"certificate\":\"%s\",\"password\":\"%s\","
	    "\"users\":[\"%s\"],\"items\":[\"%s\"],\"from\":\"%s\",\"to\":\"%s\"}", h->certificate,
	    run.phones->password, h->user, run.item, run.from, run.to);
	json_t *o = change(h, "/holder/grants", body);
	bool good = first(o, "grants", "grant", id, sizeof(id));
	int64_t t1 = up_bench_now_us();

	json_decref(o);
	if (!good)
		return false;
	snprintf(path, sizeof(path), "/holder/grants/%s/cancel", id);
	snprintf(body, sizeof(body), "{\"certificate\":\"%s\",\"password\":\"%s\"}", h->certificate,
	    run.phones->password);
	o = change(h, path, body);
	good = o != NULL;
	json_decref(o);
	run.call_us[i] = (uint32_t)(t1 - t0);
	run.cancel_us[i] = (uint32_t)(up_bench_now_us() - t1);
	return good;
}

static bool call(struct holder *h, long i)
{
	int64_t t0 = up_bench_now_us();
	bool good;

	if (strcmp(run.what, "grants") == 0)
		return grant(h, i);
	good = page(h, strcmp(run.what, "grants-list") == 0 ? "grants" : run.what);
	run.call_us[i] = (uint32_t)(up_bench_now_us() - t0);
	return good;
}

/* --- holders --- */

/* The only unit of her phone, and whom she may grant to. */
static bool learn(struct holder *h)
{
	json_t *o = get(h, "/holder/certificates");
	bool good = first(o, "certificates", "certificate", h->certificate, sizeof(h->certificate));

	json_decref(o);
	good = good && page(h, "users");
	h->before = 0;
	return good && (strcmp(run.what, "grants") != 0 || h->user[0] != '\0');
}

static bool holder_open(struct holder *h)
{
	h->phone = &run.phones->phones[run.one ? 0 : (size_t)h->number % run.phones->n];
	h->field.name = "DPoP-Nonce";
	h->res = (struct up_bench_response){ .fields = &h->field, .nfields = 1 };
	if (up_bench_conn_new(run.listen, &h->conn) != 0) {
		up_bench_complain("%s: %s", run.listen, strerror(errno));
		return false;
	}
	h->caller =
	    (struct up_bench_caller){ .phones = run.phones, .conn = h->conn, .res = &h->res };
	if (learn(h))
		return true;
	up_bench_complain("a phone has no unit, or nobody in it");
	return false;
}

static void *holder_main(void *arg)
{
	struct holder *h = arg;
	bool good = holder_open(h);
	long i;

	pthread_barrier_wait(&run.ready);
	pthread_barrier_wait(&run.start);
	while (good && (i = atomic_fetch_add(&run.next, 1)) < run.calls) {
		good = call(h, i);
		atomic_fetch_add(&run.done, good);
	}
	atomic_fetch_add(&run.errors, !good);
	up_bench_conn_free(&h->conn);
	up_bench_buf_free(&h->res.body);
	return NULL;
}

/* --- figures --- */

static void put_quantiles(const char *name, uint32_t *us)
{
	size_t n = atomic_load(&run.errors) == 0 ? (size_t)run.calls : 0;

	up_bench_sort(us, n);
	printf(",\"%s_p50_ms\":%.3f,\"%s_p99_ms\":%.3f", name, up_bench_quantile_ms(us, n, 0.5),
	    name, up_bench_quantile_ms(us, n, 0.99));
}

static void report(double seconds, double cpu_ms)
{
	long done = atomic_load(&run.done);
	bool both = strcmp(run.what, "grants") == 0;

	printf("{\"what\":\"%s\",\"calls\":%ld,\"seconds\":%.3f,\"rate\":%.1f,"
	    "\"cpu_ms_per_call\":%.4f,\"rows_per_call\":%.1f", run.what, done, seconds,
	    (double)done / seconds, done > 0 ? cpu_ms / (double)done : 0,
	    done > 0 ? (double)atomic_load(&run.rows) / (double)done : 0);
	put_quantiles(both ? "add" : "call", run.call_us);
	if (both)
		put_quantiles("cancel", run.cancel_us);
	printf(",\"errors\":%ld}\n", atomic_load(&run.errors));
}

static int measure(void)
{
	static struct holder holders[THREADS_MAX];
	pthread_t threads[THREADS_MAX];

	pthread_barrier_init(&run.ready, NULL, (unsigned)run.threads + 1);
	pthread_barrier_init(&run.start, NULL, (unsigned)run.threads + 1);
	for (long i = 0; i < run.threads; i++) {
		holders[i].number = i;
		if (pthread_create(&threads[i], NULL, holder_main, &holders[i]) != 0)
			abort();
	}
	pthread_barrier_wait(&run.ready);
	atomic_store(&run.rows, 0);
	double cpu = run.pid != 0 ? up_bench_cpu_ms(run.pid) : 0;
	int64_t start_us = up_bench_now_us();
	pthread_barrier_wait(&run.start);
	for (long i = 0; i < run.threads; i++)
		pthread_join(threads[i], NULL);
	double seconds = (double)(up_bench_now_us() - start_us) / 1e6;
	report(seconds, run.pid != 0 ? up_bench_cpu_ms(run.pid) - cpu : 0);
	return atomic_load(&run.errors) == 0 ? 0 : 1;
}

/* --- arguments --- */

static void usage(void)
{
	fputs("usage: load_holder grants|users|grants-list|devices|items --listen IP:PORT\n"
	      "                   --phones FILE --threads N --calls M [--one] [--item CODE]\n"
	      "                   [--pid SERVER]\n",
	    stderr);
	exit(2);
}

static void parse_args(int argc, char **argv)
{
	static const struct option options[] = {
		{ "listen", required_argument, NULL, 'l' },
		{ "phones", required_argument, NULL, 'f' },
		{ "threads", required_argument, NULL, 't' },
		{ "calls", required_argument, NULL, 'n' },
		{ "item", required_argument, NULL, 'i' },
		{ "pid", required_argument, NULL, 'p' },
		{ "one", no_argument, NULL, '1' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (c) {
		case 'l': run.listen = optarg; break;
		case 'f': run.phones_file = optarg; break;
		case 't': run.threads = up_bench_number("--threads", optarg, 1, THREADS_MAX); break;
		case 'n': run.calls = up_bench_number("--calls", optarg, 1, 10000000); break;
		case 'i': run.item = optarg; break;
		case 'p': run.pid = up_bench_number("--pid", optarg, 1, 0x7fffffff); break;
		case '1': run.one = true; break;
		default: usage();
		}
	if (optind + 1 != argc || run.listen == NULL || run.phones_file == NULL ||
	    run.threads == 0 || run.calls == 0)
		usage();
	run.what = argv[optind];
	if (strcmp(run.what, "grants") == 0 && run.item == NULL)
		usage();
}

static void put_day(char out[16], int days)
{
	time_t t = time(NULL) + 8 * 3600 + (time_t)days * 86400;        /* Asia/Shanghai */
	struct tm tm;

	strftime(out, 16, "%Y-%m-%d", gmtime_r(&t, &tm));
}

int main(int argc, char **argv)
{
	parse_args(argc, argv);
	put_day(run.from, 0);
	put_day(run.to, 300);
	if (!up_bench_phones_load(run.phones_file, &run.phones))
		return 1;
	run.call_us = calloc((size_t)run.calls, sizeof(*run.call_us));
	run.cancel_us = calloc((size_t)run.calls, sizeof(*run.cancel_us));
	if (run.call_us == NULL || run.cancel_us == NULL)
		abort();
	int rc = measure();
	free(run.call_us);
	free(run.cancel_us);
	up_bench_phones_free(&run.phones);
	return rc;
}
