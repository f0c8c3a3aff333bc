/* SPDX-License-Identifier: Apache-2.0
 * The life of a child. httpd ends one from within a signal handler (just_die: pools destroyed, then
 * exit() with every library's own clean-up): in prefork at any time, in worker and event until its
 * threads are there. Whoever allocates or calls a library at that moment is never returned to, and
 * what he holds half done is met again by the clean-up: a child that dies by SIGABRT or SIGSEGV, or
 * waits for its own lock for ever. So:
 *
 * - What of ours allocates or calls a library keeps these signals waiting (up_apache_child_enter).
 * - Nothing of ours is done at the end. The kernel takes memory and connections; secrets go as
 * threads end, else with the process. */
#include <ap_mpm.h>
#include <pthread.h>

#include "module/apache/module.h"

APLOG_USE_MODULE(auth_unitpass);

static bool alone;                       /* no threads: requests are served where signals arrive */

static void hold(sigset_t *kept)
{
	sigset_t ending;

	sigemptyset(&ending);
	sigaddset(&ending, SIGTERM);
	sigaddset(&ending, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &ending, kept);
}

void up_apache_child_enter(sigset_t *kept)
{
	if (alone)
		hold(kept);
}

void up_apache_child_leave(const sigset_t *kept)
{
	if (alone)
		pthread_sigmask(SIG_SETMASK, kept, NULL);
}

static void on_log(void *arg, char level, const char *line)
{
	ap_log_error(APLOG_MARK,
	    level == 'e'       ? APLOG_ERR
		: level == 'w' ? APLOG_WARNING
			       : APLOG_INFO,
	    0, (server_rec *)arg, "unitpass: %s", line);
}

/* After fork: liboauth2's locks must not be shared between children. */
static void begin(server_rec *s)
{
	int threaded = 0;

	alone = ap_mpm_query(AP_MPMQ_IS_THREADED, &threaded) != APR_SUCCESS ||
	    threaded == AP_MPMQ_NOT_SUPPORTED;
	if (up_rp_init(on_log, s) != UP_OK)
		ap_log_error(APLOG_MARK, APLOG_CRIT, 0, s,
		    "unitpass: cannot begin (liboauth2 or libcurl); protected locations answer 503 "
		    "in this child");
	else if (!up_apache_openers_begin())
		ap_log_error(APLOG_MARK, APLOG_CRIT, 0, s,
		    "unitpass: no more thread keys; protected locations answer 503 in this child");
}

void up_apache_child_begin(apr_pool_t *pchild, server_rec *s)
{
	sigset_t kept;

	(void)pchild;
	if (up_apache_main->parties->nelts == 0)
		return;
	hold(&kept);
	begin(s);
	pthread_sigmask(SIG_SETMASK, &kept, NULL);
}
