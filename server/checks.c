/* SPDX-License-Identifier: Apache-2.0 */
#include "server/checks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "server/connect/platform.h"
#include "server/log.h"
#include "server/server.h"

#define MINUTE_MS 60000
#define WAITING_PER_THREAD 16

struct up_checks {
	struct up_checks_source source;
	long per_minute;
	size_t waiting_max;

	pthread_mutex_t lock;            /* of what follows */
	pthread_cond_t more, stopped;
	struct up_check *first, **last;
	size_t waiting;
	struct { int64_t minute; long n; } asked;
	uint64_t answers[UP_REALNAME_OUTCOMES], limited;
	bool unavailable;                /* what the log said last */
	bool stop;
	unsigned threads;
	pthread_t thread[];
};

static int64_t steady_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- asking --- */

/* Nothing that others can set off costs without a bound (SECURITY 36). */
static bool may_ask(struct up_checks *c)
{
	int64_t minute = steady_ms() / MINUTE_MS;
	bool may;

	pthread_mutex_lock(&c->lock);
	if (c->asked.minute != minute)
		c->asked.n = 0;
	c->asked.minute = minute;
	may = !c->stop && c->asked.n < c->per_minute;
	c->asked.n += may;
	c->limited += !may;
	pthread_mutex_unlock(&c->lock);
	return may;
}

static void refuse(struct up_realname_answer *a)
{
	memset(a, 0, sizeof(*a));
	a->outcome = UP_REALNAME_UNAVAILABLE;
	a->assurance = "formats";
	snprintf(a->why_en, sizeof(a->why_en), "more checks at once, or in a minute "
	    "(realname_per_minute), than are made here");
	snprintf(a->why_zh, sizeof(a->why_zh), "核验请求过多，或超过每分钟限额"
	    "（realname_per_minute）");
}

/* Once when it begins and once when it is over, not for each person. */
static void tell(struct up_checks *c, const struct up_realname_answer *a)
{
	bool unavailable = a->outcome == UP_REALNAME_UNAVAILABLE, changed;

	pthread_mutex_lock(&c->lock);
	c->answers[a->outcome]++;
	changed = c->unavailable != unavailable && !c->stop;
	if (changed)
		c->unavailable = unavailable;
	pthread_mutex_unlock(&c->lock);
	if (changed && unavailable)
		up_log(UP_LOG_WARNING, "realname_unavailable", "reason", a->why_en, "effect",
		    "persons stay pending and are asked for again", NULL);
	else if (changed)
		up_log(UP_LOG_INFO, "realname_available", NULL);
}

void up_checks_ask(struct up_checks *c, const struct up_person *person,
    struct up_realname_answer *a)
{
	if (may_ask(c))
		up_realname_check(&c->source.connector, person, a);
	else
		refuse(a);
	tell(c, a);
}

bool up_checks_pause(struct up_checks *c, int64_t ms)
{
	int64_t until = steady_ms() + ms;
	const struct timespec t = { until / 1000, until % 1000 * 1000000 };
	bool stop;

	pthread_mutex_lock(&c->lock);
	while (!c->stop && pthread_cond_timedwait(&c->stopped, &c->lock, &t) == 0)
		;
	stop = c->stop;
	pthread_mutex_unlock(&c->lock);
	return stop;
}

void up_checks_stats(struct up_checks *c, struct up_checks_stats *out)
{
	pthread_mutex_lock(&c->lock);
	memcpy(out->answers, c->answers, sizeof(out->answers));
	out->limited = c->limited;
	out->waiting = c->waiting;
	pthread_mutex_unlock(&c->lock);
	out->breaker = c->source.platform != NULL ? up_platform_breaker(c->source.platform)
						  : UP_BREAKER_CLOSED;
}

/* --- threads --- */

static void count_refused(struct up_checks *c)
{
	pthread_mutex_lock(&c->lock);
	c->limited++;
	c->answers[UP_REALNAME_UNAVAILABLE]++;
	pthread_mutex_unlock(&c->lock);
}

bool up_checks_submit(struct up_checks *c, struct up_check *check)
{
	bool taken;

	pthread_mutex_lock(&c->lock);
	taken = !c->stop && c->waiting < c->waiting_max;
	if (taken) {
		check->next = NULL;
		*c->last = check;
		c->last = &check->next;
		c->waiting++;
		pthread_cond_signal(&c->more);
	}
	pthread_mutex_unlock(&c->lock);
	if (!taken) {
		refuse(&check->answer);
		count_refused(c);
	}
	return taken;
}

static struct up_check *next_check(struct up_checks *c)
{
	struct up_check *check;

	pthread_mutex_lock(&c->lock);
	while (c->first == NULL && !c->stop)
		pthread_cond_wait(&c->more, &c->lock);
	check = c->first;
	if (check != NULL) {
		c->first = check->next;
		c->waiting--;
	}
	if (c->first == NULL)
		c->last = &c->first;
	pthread_mutex_unlock(&c->lock);
	return check;
}

static void *work(void *arg)
{
	struct up_checks *c = arg;
	struct up_check *check;

	while ((check = next_check(c)) != NULL) {
		up_checks_ask(c, &check->person, &check->answer);
		check->done(check);
	}
	return NULL;
}

static void prepare(struct up_checks *c)
{
	pthread_condattr_t steady;

	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->more, NULL);
	pthread_condattr_init(&steady);
	pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	pthread_cond_init(&c->stopped, &steady);
	pthread_condattr_destroy(&steady);
	c->last = &c->first;
}

enum up_err up_checks_start(struct up_server *s, struct up_checks **out, char why[256])
{
	unsigned threads = (unsigned)s->config->realname_threads;
	struct up_checks *c = calloc(1, sizeof(*c) + threads * sizeof(c->thread[0]));
	enum up_err err;

	*out = NULL;
	if (c == NULL)
		return UP_E_NOMEM;
	prepare(c);
	c->per_minute = s->config->realname_per_minute;
	c->waiting_max = (size_t)threads * WAITING_PER_THREAD;
	err = up_checks_open(s->config, &c->source, why);
	while (err == UP_OK && c->threads < threads) {
		if (pthread_create(&c->thread[c->threads], NULL, work, c) == 0)
			c->threads++;
		else
			err = UP_E_NOMEM;
	}
	if (err != UP_OK)
		up_checks_free(&c);
	*out = c;
	return err;
}

void up_checks_stop(struct up_checks *c)
{
	pthread_mutex_lock(&c->lock);
	c->stop = true;
	pthread_cond_broadcast(&c->more);
	pthread_cond_broadcast(&c->stopped);
	pthread_mutex_unlock(&c->lock);
	if (c->source.platform != NULL)
		up_platform_stop(c->source.platform);
	while (c->threads > 0)
		pthread_join(c->thread[--c->threads], NULL);
}

void up_checks_free(struct up_checks **checks)
{
	struct up_checks *c = *checks;

	*checks = NULL;
	if (c == NULL)
		return;
	up_checks_stop(c);
	up_checks_close(&c->source);
	pthread_cond_destroy(&c->more);
	pthread_cond_destroy(&c->stopped);
	pthread_mutex_destroy(&c->lock);
	free(c);
}
