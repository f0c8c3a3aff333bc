/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UP_BENCH_STREAM_H
#define UP_BENCH_STREAM_H

#include <stdbool.h>
#include <stddef.h>

/* A waiting page: one stream of server-sent events, read as they come
 * (WHATWG HTML, section 9.2), blocking, from a server on this machine.  Only
 * the events themselves are looked at: framing of the body is skipped over. */
struct up_bench_stream {
	int fd;			/* -1: closed */
	size_t n;
	char buf[4096];
};

/* Connect to ADDR ("IPv4:port") and ask for PATH; false with errno. */
bool up_bench_stream_open(struct up_bench_stream *, const char *addr, const char *path);
/* Wait for an event NAME whose data has the member MEMBER, a string, and copy
 * its value.  What comes before is dropped.  False: the stream ended, an
 * answer other than 200, 30 s passed, or the value is too long. */
bool up_bench_stream_wait(struct up_bench_stream *, const char *name, const char *member,
    char *value, size_t size);
void up_bench_stream_close(struct up_bench_stream *);

#endif
