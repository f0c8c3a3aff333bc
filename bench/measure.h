/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UP_BENCH_MEASURE_H
#define UP_BENCH_MEASURE_H

#include <stddef.h>
#include <stdint.h>

/* Times and what a server's process has used, for the load generators. */

int64_t up_bench_now_us(void);			/* CLOCK_MONOTONIC */
void up_bench_sleep_until_us(int64_t us);	/* the same clock */

/* User and system time of all threads of process PID, in ms (proc(5), stat);
 * -1 when it cannot be read. */
double up_bench_cpu_ms(long pid);
/* Resident memory of process PID in KiB (proc(5), status); -1. */
long up_bench_rss_kb(long pid);
/* The same two for ourselves. */
double up_bench_own_cpu_ms(void);

/* Sorts US; then the value in ms below which P of the N lie, 0 when N is 0. */
void up_bench_sort(uint32_t *us, size_t n);
double up_bench_quantile_ms(const uint32_t *us, size_t n, double p);

/* The first call says what went wrong on stderr, the others nothing: one
 * cause often makes many errors. */
void up_bench_complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Whole number in [min,max] or exit 2 with a message that names WHAT. */
long up_bench_number(const char *what, const char *s, long min, long max);

#endif
