/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/steps.h"

#include <stdlib.h>

struct up_steps {
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct up_request *first, **last;
	void (*run)(struct up_request *);
	unsigned threads;
	bool stop;
	pthread_t thread[];
};

/* Of a thread that runs a step: whether somebody else resumes the request. */
static _Thread_local bool stepping, handed_on;

bool up_steps_hand_on(void)
{
	handed_on = stepping;
	return stepping;
}

static void run_one(struct up_steps *s, struct up_request *r)
{
	struct MHD_Connection *conn = r->conn;

	handed_on = false;
	stepping = true;
	s->run(r);
	stepping = false;
	if (handed_on)                   /* R may be gone */
		return;
	r->stepped = true;
	MHD_resume_connection(conn);
}

static void *work(void *arg)
{
	struct up_steps *s = arg;
	struct up_request *r;

	pthread_mutex_lock(&s->lock);
	while (s->first != NULL || !s->stop) {
		if (s->first == NULL) {
			pthread_cond_wait(&s->more, &s->lock);
			continue;
		}
		r = s->first;
		s->first = r->next_step;
		if (s->first == NULL)
			s->last = &s->first;
		pthread_mutex_unlock(&s->lock);
		run_one(s, r);
		pthread_mutex_lock(&s->lock);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

enum up_err up_steps_new(
    unsigned threads, void (*run)(struct up_request *), struct up_steps **out)
{
	struct up_steps *s = calloc(1, sizeof(*s) + threads * sizeof(s->thread[0]));

	*out = NULL;
	if (s == NULL)
		return UP_E_NOMEM;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->more, NULL);
	s->last = &s->first;
	s->run = run;
	while (s->threads < threads &&
	    pthread_create(&s->thread[s->threads], NULL, work, s) == 0)
		s->threads++;
	if (s->threads < threads) {
		up_steps_free(&s);
		return UP_E_NOMEM;
	}
	*out = s;
	return UP_OK;
}

void up_steps_stop(struct up_steps *s)
{
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_cond_broadcast(&s->more);
	pthread_mutex_unlock(&s->lock);
	while (s->threads > 0)
		pthread_join(s->thread[--s->threads], NULL);
}

void up_steps_free(struct up_steps **steps)
{
	struct up_steps *s = *steps;

	if (s == NULL)
		return;
	*steps = NULL;
	up_steps_stop(s);
	pthread_cond_destroy(&s->more);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

bool up_steps_take(struct up_steps *s, struct up_request *r)
{
	bool taken;

	pthread_mutex_lock(&s->lock);
	taken = !s->stop;
	if (taken) {
		MHD_suspend_connection(r->conn);
		r->next_step = NULL;
		*s->last = r;
		s->last = &r->next_step;
		pthread_cond_signal(&s->more);
	}
	pthread_mutex_unlock(&s->lock);
	return taken;
}
