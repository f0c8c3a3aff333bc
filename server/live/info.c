/* SPDX-License-Identifier: Apache-2.0 */
#include "server/live/info.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct shared {
	struct up_login_info info;       /* first: a pointer to it is a pointer to this */
	atomic_uint refs;
	uint8_t text[];
};

#define WORTH 32                         /* bytes */
#define FIELD(f, part) { offsetof(struct up_login_info, f), part }

/* the last part that still keeps the field */
static const struct {
	size_t at;
	enum up_info_part part;
} fields[] = {
	FIELD(client, UP_INFO_CLIENT),
	FIELD(item, UP_INFO_RECORD),
	FIELD(purpose, UP_INFO_RECORD),
	FIELD(initiator_ip, UP_INFO_RECORD),
	FIELD(initiator_agent, UP_INFO_RECORD),
	FIELD(browser, UP_INFO_RECORD),
	FIELD(scope, UP_INFO_ALL),
	FIELD(nonce, UP_INFO_ALL),
};

static struct up_span *field(struct up_login_info *info, size_t i)
{
	return (struct up_span *)(void *)((char *)info + fields[i].at);
}

static void terminate(struct up_login_info *info)
{
	info->id[sizeof(info->id) - 1] = '\0';
	info->challenge[sizeof(info->challenge) - 1] = '\0';
	info->handle_hash[sizeof(info->handle_hash) - 1] = '\0';
}

const struct up_login_info *up_info_copy(const struct up_login_info *from, enum up_info_part part)
{
	struct up_login_info info = *from;
	struct shared *s;
	size_t n = 0;

	terminate(&info);
	for (size_t i = 0; i < UP_ARRAY_LEN(fields); i++) {
		struct up_span *f = field(&info, i);

		if (part > fields[i].part)
			f->n = 0;
		if (__builtin_add_overflow(n, f->n, &n))
			return NULL;
	}
	if (n > SIZE_MAX / 2 || (s = malloc(sizeof(*s) + n)) == NULL)
		return NULL;
	n = 0;
	for (size_t i = 0; i < UP_ARRAY_LEN(fields); i++) {
		struct up_span *f = field(&info, i);

		if (f->n > 0)
			memcpy(s->text + n, f->p, f->n);
		f->p = s->text + n;
		n += f->n;
	}
	s->info = info;
	atomic_init(&s->refs, 1);
	return &s->info;
}

const struct up_login_info *up_info_trim(const struct up_login_info *from, enum up_info_part part)
{
	struct up_login_info info = *from;
	size_t won = 0;

	for (size_t i = 0; i < UP_ARRAY_LEN(fields); i++)
		won += part > fields[i].part ? field(&info, i)->n : 0;
	return won >= WORTH ? up_info_copy(from, part) : NULL;
}

static struct shared *shared_of(const struct up_login_info *info)
{
	return (struct shared *)(uintptr_t)info;
}

const struct up_login_info *up_info_ref(const struct up_login_info *info)
{
	atomic_fetch_add_explicit(&shared_of(info)->refs, 1, memory_order_relaxed);
	return info;
}

void up_live_info_unref(const struct up_login_info **info)
{
	struct shared *s;

	if (info == NULL || *info == NULL)
		return;
	s = shared_of(*info);
	*info = NULL;
	if (atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) == 1)
		free(s);
}
