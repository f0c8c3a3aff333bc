/* SPDX-License-Identifier: Apache-2.0
 * Counters for /metrics (Prometheus text format) and the verdict of /healthz. */
#ifndef UP_METRICS_H
#define UP_METRICS_H

#include "core/span.h"

struct up_route;

enum up_metric {
	UP_METRIC_SCANNED,
	UP_METRIC_APPROVED,
	UP_METRIC_DENIED,
	UP_METRIC_REDEEMED,
	UP_METRIC_EXPIRED,
	UP_METRIC_REFUSED,
	UP_METRIC_ENROLLED,
	UP_METRIC_FRAMES,
	UP_METRICS
};

void up_metrics_count(enum up_metric);

/* metrics_login.c: a login of CLIENT was started, or ended so. */
enum up_metric_result { UP_METRIC_STARTED, UP_METRIC_OK, UP_METRIC_DENIED_BY_HOLDER,
	UP_METRIC_TIMED_OUT, UP_METRIC_ABANDONED, UP_METRIC_RESULTS };
void up_metrics_login(struct up_span client, enum up_metric_result);
void up_metrics_took(int64_t ms);        /* from start to redemption */
void up_metrics_put_logins(struct up_buf *);
/* One answer of ROUTE (NULL: none found) with STATUS. */
void up_metrics_answer(const struct up_route *, int status);

#endif
