/* SPDX-License-Identifier: Apache-2.0
 * Arrays that grow. */
#ifndef UP_ROOM_H
#define UP_ROOM_H

#include <stddef.h>
#include <stdlib.h>

/* LIST, malloc'ed or NULL, holds N of *CAP elements of SIZE bytes: gives it with room for one more,
 * perhaps elsewhere. NULL: no memory; LIST and *CAP are as they were. */
static inline void *up_room(void *list, size_t n, size_t *cap, size_t size)
{
	size_t more = *cap * 2 + 16;
	void *grown;

	if (n < *cap)
		return list;
	grown = reallocarray(list, more, size);
	if (grown != NULL)
		*cap = more;
	return grown;
}

#endif
