/* SPDX-License-Identifier: Apache-2.0 */
#include "measure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

int64_t up_bench_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void up_bench_sleep_until_us(int64_t us)
{
	const struct timespec t = { us / 1000000, us % 1000000 * 1000 };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		continue;
}

double up_bench_cpu_ms(long pid)
{
	char path[64], line[1024];
	unsigned long user, system;

	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return -1;
	const char *got = fgets(line, sizeof(line), f);
	fclose(f);
	/* The name, in parentheses, may hold spaces: begin after it. */
	const char *p = got != NULL ? strrchr(line, ')') : NULL;
	if (p == NULL || sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
	    &user, &system) != 2)
		return -1;
	return (double)(user + system) * 1000 / (double)sysconf(_SC_CLK_TCK);
}

long
up_bench_rss_kb(long pid)
{
	char path[64], line[256];
	long kb = -1;

	snprintf(path, sizeof(path), "/proc/%ld/status", pid);
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return -1;
	while (kb < 0 && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "VmRSS: %ld", &kb) != 1)
			kb = -1;
	fclose(f);
	return kb;
}

double up_bench_own_cpu_ms(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
	    (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

void up_bench_sort(uint32_t *us, size_t n)
{
	qsort(us, n, sizeof(*us), by_value);
}

double up_bench_quantile_ms(const uint32_t *us, size_t n, double p)
{
	return n > 0 ? us[(size_t)((double)(n - 1) * p)] / 1000.0 : 0;
}

void up_bench_complain(const char *fmt, ...)
{
	static atomic_bool told;
	va_list ap;

	if (atomic_exchange(&told, true))
		return;
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

long
up_bench_number(const char *what, const char *s, long min, long max)
{
	char *end;

	errno = 0;
	long v = strtol(s, &end, 10);
	if (end != s && *end == '\0' && errno == 0 && v >= min && v <= max)
		return v;
	fprintf(stderr, "%s must be %ld to %ld, not %s\n", what, min, max, s);
	exit(2);
}
