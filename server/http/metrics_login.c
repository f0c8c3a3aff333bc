/* SPDX-License-Identifier: Apache-2.0
 * Logins by client and result, and how long they took. The clients are those that were registered;
 * the table has a bound all the same, and who comes after it is _other (no id begins so). */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "server/http/metrics.h"

#define CLIENTS 256
#define ID_MAX 64

struct client {
	char id[ID_MAX + 1]; /* written before it is counted in n_clients, then never again */
	_Atomic uint64_t results[UP_METRIC_RESULTS];
};

static struct client clients[CLIENTS], other = { .id = "_other" };
static _Atomic size_t n_clients;
static pthread_mutex_t growing = PTHREAD_MUTEX_INITIALIZER;

static const int64_t bounds_s[] = { 1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600 };
static _Atomic uint64_t took[UP_ARRAY_LEN(bounds_s) + 1];        /* the last: longer than all */
static _Atomic uint64_t took_ms;

static struct client *find(struct up_span id, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (up_span_eq_str(id, clients[i].id))
			return &clients[i];
	return NULL;
}

static struct client *add(struct up_span id)
{
	struct client *c;
	size_t n;

	pthread_mutex_lock(&growing);
	n = atomic_load(&n_clients);
	c = find(id, n);                 /* another thread may have been faster */
	if (c == NULL && n < CLIENTS && id.n <= ID_MAX) {
		c = &clients[n];
		memcpy(c->id, id.p, id.n);
		atomic_store_explicit(&n_clients, n + 1, memory_order_release);
	}
	pthread_mutex_unlock(&growing);
	return c != NULL ? c : &other;
}

void up_metrics_login(struct up_span client, enum up_metric_result result)
{
	struct client *c;

	if (client.n == 0)
		return;
	c = find(client, atomic_load_explicit(&n_clients, memory_order_acquire));
	if (c == NULL)
		c = add(client);
	atomic_fetch_add_explicit(&c->results[result], 1, memory_order_relaxed);
}

void up_metrics_took(int64_t ms)
{
	size_t i = 0;

	while (i < UP_ARRAY_LEN(bounds_s) && ms > bounds_s[i] * 1000)
		i++;
	atomic_fetch_add_explicit(&took[i], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&took_ms, ms > 0 ? (uint64_t)ms : 0, memory_order_relaxed);
}

/* --- in Prometheus' text --- */

static const char *const results[UP_METRIC_RESULTS] = {
    [UP_METRIC_OK] = "ok",
    [UP_METRIC_DENIED_BY_HOLDER] = "denied",
    [UP_METRIC_TIMED_OUT] = "expired",
    [UP_METRIC_ABANDONED] = "abandoned",
};

static void put_started(struct up_buf *b, const struct client *c)
{
	up_buf_printf(b, "unitpass_logins_started_total{client=\"%s\"} %llu\n", c->id,
	    (unsigned long long)atomic_load(&c->results[UP_METRIC_STARTED]));
}

static void put_ended(struct up_buf *b, const struct client *c)
{
	for (size_t i = 0; i < UP_METRIC_RESULTS; i++)
		if (results[i] != NULL)
			up_buf_printf(b,
			    "unitpass_logins_ended_total{client=\"%s\",result=\"%s\"} %llu\n",
			    c->id, results[i], (unsigned long long)atomic_load(&c->results[i]));
}

static void put_each(struct up_buf *b, void (*put)(struct up_buf *, const struct client *))
{
	size_t n = atomic_load_explicit(&n_clients, memory_order_acquire);

	for (size_t i = 0; i < n; i++)
		put(b, &clients[i]);
	if (n == CLIENTS)
		put(b, &other);
}

/* Buckets are cumulative; count is the last of them, so that the two always agree. */
static void put_durations(struct up_buf *b)
{
	const char *name = "unitpass_login_duration_seconds";
	uint64_t sum_ms = atomic_load(&took_ms);
	unsigned long long n = 0;

	up_buf_printf(b,
	    "# HELP %s From the start of a login to its redemption.\n# TYPE %s histogram\n", name,
	    name);
	for (size_t i = 0; i < UP_ARRAY_LEN(bounds_s); i++) {
		n += atomic_load(&took[i]);
		up_buf_printf(b, "%s_bucket{le=\"%lld\"} %llu\n", name, (long long)bounds_s[i], n);
	}
	n += atomic_load(&took[UP_ARRAY_LEN(bounds_s)]);
	up_buf_printf(b, "%s_bucket{le=\"+Inf\"} %llu\n", name, n);
	up_buf_printf(b, "%s_sum %llu.%03u\n%s_count %llu\n", name,
	    (unsigned long long)(sum_ms / 1000), (unsigned)(sum_ms % 1000), name, n);
}

void up_metrics_put_logins(struct up_buf *b)
{
	up_buf_put_str(b, "# HELP unitpass_logins_started_total Logins begun by a portal.\n"
	    "# TYPE unitpass_logins_started_total counter\n");
	put_each(b, put_started);
	up_buf_put_str(b, "# HELP unitpass_logins_ended_total Logins ended: ok, denied by the "
			  "person, expired after a scan, "
			  "abandoned before a scan.\n# TYPE "
			  "unitpass_logins_ended_total counter\n");
	put_each(b, put_ended);
	put_durations(b);
}
