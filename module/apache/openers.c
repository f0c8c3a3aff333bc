/* SPDX-License-Identifier: Apache-2.0
 * One opener for each thread and party: no lock on the way to a session, under prefork, worker,
 * event and the threads of mod_http2. */
#include <pthread.h>
#include <stdlib.h>

#include "module/apache/module.h"

struct openers {
	size_t n;
	struct up_rp_opener *at[];
};

static pthread_key_t key;
static bool ready;                       /* this child has begun well */

/* As a thread ends. The thread that ends the process leaves its own to the kernel: see child.c. */
static void free_openers(void *data)
{
	struct openers *o = data;

	for (size_t i = 0; o != NULL && i < o->n; i++)
		up_rp_opener_free(&o->at[i]);
	free(o);
}

struct up_rp_opener *up_apache_openers_get(const up_apache_party_t *p)
{
	struct openers *o;

	if (!ready)
		return NULL;
	o = pthread_getspecific(key);
	if (o == NULL) {
		size_t n = (size_t)up_apache_main->parties->nelts;

		o = calloc(1, sizeof(*o) + n * sizeof(o->at[0]));
		if (o == NULL)
			return NULL;
		o->n = n;
		if (pthread_setspecific(key, o) != 0) {
			free(o);
			return NULL;
		}
	}
	if (o->at[p->index] == NULL && up_rp_opener_new(p->rp, &o->at[p->index]) != UP_OK)
		return NULL;
	return o->at[p->index];
}

bool up_apache_openers_begin(void)
{
	ready = pthread_key_create(&key, free_openers) == 0;
	return ready;
}
