/* SPDX-License-Identifier: Apache-2.0
 * One opener for each thread and party: no lock on the way to a session, under prefork, worker, event and the threads of mod_http2. */
#include <pthread.h>
#include <stdlib.h>

#include "module/apache/module.h"

APLOG_USE_MODULE(auth_unitpass);

struct openers {
	size_t n;
	struct up_rp_opener *at[];
};

static pthread_key_t key;
static bool ready;                       /* this child has begun well */

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

static void on_log(void *arg, char level, const char *line)
{
	ap_log_error(APLOG_MARK, level == 'e' ? APLOG_ERR : level == 'w' ? APLOG_WARNING : APLOG_INFO, 0, (server_rec *)arg, "unitpass: %s", line);
}

/* The threads have ended; what is left is the openers of this one. */
static apr_status_t end_child(void *data)
{
	(void)data;
	ready = false;
	free_openers(pthread_getspecific(key));
	pthread_key_delete(key);
	up_rp_shutdown();
	return APR_SUCCESS;
}

/* After fork: liboauth2's locks must not be shared between children. */
void up_apache_openers_child(apr_pool_t *pchild, server_rec *s)
{
	if (up_apache_main->parties->nelts == 0)
		return;
	if (pthread_key_create(&key, free_openers) != 0) {
		ap_log_error(APLOG_MARK, APLOG_CRIT, 0, s, "unitpass: no more thread keys; protected locations answer 503 in this child");
		return;
	}
	if (up_rp_init(on_log, s) != UP_OK) {
		ap_log_error(APLOG_MARK, APLOG_CRIT, 0, s, "unitpass: cannot begin (liboauth2 or libcurl); protected locations answer 503 in this child");
		pthread_key_delete(key);
		return;
	}
	ready = true;
	apr_pool_cleanup_register(pchild, s, end_child, apr_pool_cleanup_null);
}
