/* SPDX-License-Identifier: Apache-2.0
 * An object of each thread's own: what costs to make, is used at every call, and cannot be shared
 * without a lock (a cipher context, a key object). A plain _Thread_local does for what holds no
 * memory; these are let go as their thread ends. */
#ifndef UP_PER_THREAD_H
#define UP_PER_THREAD_H

#include <stddef.h>

/* A kind of object; static, one for each use: its address tells the kinds apart. */
struct up_per_thread {
	size_t size;                     /* bytes of an object */
	/* let go, and wipe, what it holds; never the object itself */
	void (*drop)(void *object);
};

/* This thread's object of KIND, all zero at its first use; NULL without memory. Valid until the
 * thread ends, which drops it; the thread that ends the process leaves its own to the kernel. */
void *up_per_thread_get(const struct up_per_thread *kind);

#endif
