/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/metrics.h"

#include "server/checks.h"
#include "server/http/routes.h"

static const struct { const char *name, *help;
} metrics[UP_METRICS] = {
	[UP_METRIC_SCANNED] = { "unitpass_logins_scanned_total",
	    "Login codes claimed by a phone." },
	[UP_METRIC_APPROVED] = { "unitpass_logins_approved_total", "Logins approved." },
	[UP_METRIC_DENIED] = { "unitpass_logins_denied_total", "Logins refused by the person." },
	[UP_METRIC_REDEEMED] = { "unitpass_logins_redeemed_total", "Logins redeemed by a portal." },
	[UP_METRIC_EXPIRED] = { "unitpass_logins_expired_total",
	    "Logins that ended without outcome after a scan." },
	[UP_METRIC_REFUSED] = { "unitpass_refusals_total",
	    "Calls of phones refused on the merits." },
	[UP_METRIC_ENROLLED] = { "unitpass_enrolments_total", "Roles taken on a phone." },
	[UP_METRIC_FRAMES] = { "unitpass_frames_total", "QR frames sent to waiting pages." },
};

static _Atomic uint64_t counts[UP_METRICS];
static _Atomic uint64_t answers[5];      /* by status class */

void up_metrics_count(enum up_metric which)
{
	atomic_fetch_add_explicit(&counts[which], 1, memory_order_relaxed);
}

void up_metrics_answer(const struct up_route *route, int status)
{
	(void)route;
	if (status >= 100 && status < 600)
		atomic_fetch_add_explicit(&answers[status / 100 - 1], 1, memory_order_relaxed);
}

static void put(
    struct up_buf *b, const char *name, const char *type, const char *help, uint64_t value)
{
	up_buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n%s %llu\n", name, help, name, type, name,
	    (unsigned long long)value);
}

/* Left out rather than told wrong when they cannot be had. */
static void put_live(struct up_buf *b, struct up_live *l)
{
	struct up_live_stats live;

	if (up_live_stats(l, &live) != UP_OK)
		return;
	put(b, "unitpass_logins_pending", "gauge", "Logins waiting for a scan.", live.pending);
	put(b, "unitpass_logins_waiting_decision", "gauge", "Logins scanned, not decided.",
	    live.scanned);
	put(b, "unitpass_logins_waiting_redemption", "gauge", "Logins approved, not redeemed.",
	    live.approved);
	put(b, "unitpass_watchers", "gauge", "Pages watching.", live.watchers);
	put(b, "unitpass_replay_entries", "gauge", "Proof ids remembered.", live.replays);
}

static void put_checks(struct up_buf *b, struct up_checks *c)
{
	static const char *const family = "unitpass_realname_checks_total";
	struct up_checks_stats s;

	if (c == NULL)
		return;
	up_checks_stats(c, &s);
	up_buf_printf(b, "# HELP %s Real-name checks by what they said.\n# TYPE %s counter\n",
	    family, family);
	for (size_t i = 0; i < UP_REALNAME_OUTCOMES; i++)
		up_buf_printf(b, "%s{outcome=\"%s\"} %llu\n", family,
		    up_realname_name((enum up_realname_outcome)i),
		    (unsigned long long)s.answers[i]);
	put(b, "unitpass_realname_limited_total", "counter",
	    "Of the unavailable: nobody was asked, for there were too many.", s.limited);
	put(b, "unitpass_realname_waiting", "gauge", "Checks waiting for a thread.", s.waiting);
	put(b, "unitpass_realname_breaker", "gauge",
	    "0: the platform is asked. 1: it is left in peace. 2: one check tries it.",
	    s.breaker);
}

void up_admin_metrics(struct up_request *r)
{
	struct up_store_stats store;
	struct up_buf *b = &r->out;

	for (size_t i = 0; i < UP_METRICS; i++)
		put(b, metrics[i].name, "counter", metrics[i].help, atomic_load(&counts[i]));
	up_metrics_put_logins(b);
	up_buf_put_str(b,
	    "# HELP unitpass_http_answers_total Answers by class of status.\n# TYPE "
	    "unitpass_http_answers_total counter\n");
	for (size_t i = 0; i < UP_ARRAY_LEN(answers); i++)
		up_buf_printf(b, "unitpass_http_answers_total{class=\"%zuxx\"} %llu\n", i + 1,
		    (unsigned long long)atomic_load(&answers[i]));
	put_live(b, r->server->live);
	put_checks(b, r->server->checks);
	up_store_stats(r->server->store, &store);
	put(b, "unitpass_store_commits_total", "counter", "Commits of the store.", store.commits);
	put(b, "unitpass_store_jobs_total", "counter", "Jobs written by those commits.",
	    store.jobs);
	put(b, "unitpass_store_failures_total", "counter", "Jobs that could not be written.",
	    store.failures);
	put(b, "unitpass_refusals_counted_total", "counter",
	    "Refusals counted without a record of their own.", store.counted);
	put(b, "unitpass_store_queue", "gauge", "Jobs waiting.", store.queue);
	up_reply(r, "text/plain; version=0.0.4; charset=utf-8");
}

void up_admin_health(struct up_request *r)
{
	struct up_json_put j = { .b = &r->out };
	int64_t now, off;
	struct up_live_stats stats;
	enum up_err store = up_store_healthy(r->server->store);
	enum up_err live = up_live_stats(r->server->live, &stats);
	enum up_clock_state clock = up_clock_look(r->server, &now, &off);
	bool well = store == UP_OK && live == UP_OK && clock == UP_CLOCK_RIGHT &&
	    !atomic_load(&r->server->stopping);

	up_json_put_object(&j, NULL);
	up_json_put_str(&j, "status", well ? "ok" : "failing");
	up_json_put_str(&j, "store", store == UP_OK ? "ok" : "failing");
	up_json_put_str(&j, "clock", up_clock_name(clock));
	if (live != UP_OK)
		up_json_put_str(&j, "live", "failing");
	if (clock != UP_CLOCK_RIGHT) {
		up_json_put_int(&j, "clock_off_s", off / 1000);
		up_json_put_opt(&j, "cure", up_span_str(up_clock_cure(clock, false)));
	}
	up_json_put_end(&j);
	up_reply(r, "application/json");
	r->status = well ? 200 : 503;
}
