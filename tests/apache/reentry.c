/* SPDX-License-Identifier: Apache-2.0
 * Preloaded into httpd by "soak": the C allocator, now and then slow, that ends the process when it
 * is entered by a signal handler which interrupted it in the same thread while the module was at
 * work. Without this, such a thing shows once in many thousands of stops. Slow only from where the
 * module begins in a child: httpd itself is interrupted so before, and dies of it without any
 * module, too. */
#include <dlfcn.h>
#include <execinfo.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MODULE "mod_auth_unitpass"
#define FRAMES 64
#define SLOW_EVERY 64                    /* calls, about */
#define SLOW_NS 200000
#define LOCAL static __thread __attribute__((tls_model("initial-exec")))

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);
extern void __libc_free(void *p);

LOCAL unsigned inside;                   /* calls that this thread has begun and not ended */
LOCAL bool seen;                         /* one interrupted another: looked at once a thread */
LOCAL unsigned dice;

static bool begun;                       /* in a child: the module's first call of libcurl */

int curl_global_init(long flags);

int curl_global_init(long flags)
{
	void *curl = dlopen("libcurl.so.4", RTLD_LAZY | RTLD_NOLOAD);
	int (*real)(long) = (int (*)(long))dlsym(curl, "curl_global_init");

	begun = true;
	return real(flags);
}

static bool is_ours(void *const *frames, int n)
{
	Dl_info d;

	for (int i = 0; i < n; i++)
		if (dladdr(frames[i], &d) != 0 && d.dli_fname != NULL &&
		    strstr(d.dli_fname, MODULE) != NULL)
			return true;
	return false;
}

static void look(void)
{
	static const char text[] =
	    "runtime error: the allocator was entered by a signal handler that interrupted it\n";
	void *frames[FRAMES];
	int n;

	seen = true;                     /* backtrace allocates */
	n = backtrace(frames, FRAMES);
	if (!is_ours(frames, n))
		return;
	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	backtrace_symbols_fd(frames, n, STDERR_FILENO);
	abort();
}

static void enter(void)
{
	const struct timespec slow = { 0, SLOW_NS };

	if (inside++ > 0 && begun && !seen)
		look();
	dice = dice * 1103515245U + 12345U;
	if (begun && (dice >> 16) % SLOW_EVERY == 0)
		nanosleep(&slow, NULL);
}

void *malloc(size_t n)
{
	void *p;

	enter();
	p = __libc_malloc(n);
	inside--;
	return p;
}

void *calloc(size_t n, size_t size)
{
	void *p;

	enter();
	p = __libc_calloc(n, size);
	inside--;
	return p;
}

void *realloc(void *old, size_t n)
{
	void *p;

	enter();
	p = __libc_realloc(old, n);
	inside--;
	return p;
}

void free(void *p)
{
	if (p == NULL)
		return;
	enter();
	__libc_free(p);
	inside--;
}
