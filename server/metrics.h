/* SPDX-License-Identifier: Apache-2.0
 * Counters for /metrics (Prometheus text format) and the verdict of /healthz. */
#ifndef UP_METRICS_H
#define UP_METRICS_H

struct up_route;

enum up_metric { UP_METRIC_SCANNED, UP_METRIC_APPROVED, UP_METRIC_DENIED, UP_METRIC_REDEEMED, UP_METRIC_EXPIRED, UP_METRIC_REFUSED,
	UP_METRIC_ENROLLED, UP_METRIC_FRAMES, UP_METRICS };

void up_metrics_count(enum up_metric);
/* One answer of ROUTE (NULL: none found) with STATUS. */
void up_metrics_answer(const struct up_route *, int status);

#endif
