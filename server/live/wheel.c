/* SPDX-License-Identifier: Apache-2.0 */
#include "server/live/wheel.h"

#define END UINT32_C(0x80000000)

static struct up_wheel_link *at(struct up_wheel *w, uint32_t entry)
{
	return (struct up_wheel_link *)(void *)(w->first + (entry - 1) * w->stride);
}

static uint32_t slot_of(int64_t bucket)
{
	return (uint32_t)((uint64_t)bucket % UP_WHEEL_BUCKETS);
}

void up_wheel_init(struct up_wheel *w, struct up_wheel_link *first, size_t stride)
{
	w->first = (char *)first;
	w->stride = stride;
}

/* Buckets are kept sorted by the time due. Entries come nearly in that order, so the search from
 * the end is short. */
void up_wheel_put(struct up_wheel *w, uint32_t entry, int64_t due_ms)
{
	int64_t bucket = due_ms >> UP_WHEEL_BITS;
	uint32_t k = slot_of(bucket);
	uint32_t prev = w->bucket[k].tail;
	struct up_wheel_link *l = at(w, entry);

	if (w->cursor > bucket)
		w->cursor = bucket;
	while (prev != 0 && at(w, prev)->due_ms > due_ms) {
		uint32_t before = at(w, prev)->prev;

		prev = before & END ? 0 : before;
	}
	l->due_ms = due_ms;
	l->prev = prev == 0 ? END | k : prev;
	l->next = prev == 0 ? w->bucket[k].head : at(w, prev)->next;
	if (l->next == 0)
		l->next = END | k;
	if (l->next & END)
		w->bucket[k].tail = entry;
	else
		at(w, l->next)->prev = entry;
	if (prev == 0)
		w->bucket[k].head = entry;
	else
		at(w, prev)->next = entry;
}

void up_wheel_cut(struct up_wheel *w, uint32_t entry)
{
	struct up_wheel_link *l = at(w, entry);

	if (l->prev & END)
		w->bucket[l->prev & ~END].head = l->next & END ? 0 : l->next;
	else
		at(w, l->prev)->next = l->next;
	if (l->next & END)
		w->bucket[l->next & ~END].tail = l->prev & END ? 0 : l->prev;
	else
		at(w, l->next)->prev = l->prev;
	l->prev = l->next = 0;
}

uint32_t up_wheel_pop(struct up_wheel *w, int64_t now_ms)
{
	int64_t last = now_ms >> UP_WHEEL_BITS;

	if (w->cursor > last)            /* the clock was set back */
		w->cursor = last;
	if (last - w->cursor >= UP_WHEEL_BUCKETS)
		w->cursor = last - UP_WHEEL_BUCKETS + 1;
	for (;; w->cursor++) {
		uint32_t entry = w->bucket[slot_of(w->cursor)].head;

		if (entry != 0 && at(w, entry)->due_ms <= now_ms) {
			up_wheel_cut(w, entry);
			return entry;
		}
		if (w->cursor >= last)
			return 0;
	}
}
