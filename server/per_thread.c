/* SPDX-License-Identifier: Apache-2.0 */
#include "server/per_thread.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdlib.h>

/* One key for all kinds, and a list for each thread: kinds are few, so the walk is short. */
struct owned {
	struct owned *next;
	const struct up_per_thread *kind;
	alignas(max_align_t) unsigned char object[];
};

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void drop_all(void *first)
{
	struct owned *o = first, *next;

	for (; o != NULL; o = next) {
		next = o->next;
		o->kind->drop(o->object);
		free(o);
	}
}

static void make_key(void)
{
	if (pthread_key_create(&key, drop_all) != 0)
		abort();
}

void *up_per_thread_get(const struct up_per_thread *kind)
{
	struct owned *first, *o;

	pthread_once(&once, make_key);
	first = pthread_getspecific(key);
	for (o = first; o != NULL; o = o->next)
		if (o->kind == kind)
			return o->object;
	o = calloc(1, sizeof(*o) + kind->size);
	if (o == NULL)
		return NULL;
	o->next = first;
	o->kind = kind;
	if (pthread_setspecific(key, o) != 0) {
		free(o);
		return NULL;
	}
	return o->object;
}
