/* SPDX-License-Identifier: Apache-2.0
 * What differs between the nginx versions that we are built for. Repeated request headers: an array
 * of pointers, since 1.23 a list of its own. */
#ifndef UP_NGINX_COMPAT_H
#define UP_NGINX_COMPAT_H

#include <nginx.h>

#include "module/nginx/module.h"

#if nginx_version >= 1023000

typedef const ngx_table_elt_t *up_nginx_compat_t;

static inline up_nginx_compat_t up_nginx_compat_cookies(const ngx_http_request_t *r)
{
	return r->headers_in.cookie;
}

/* The next line, or NULL. */
static inline const ngx_table_elt_t *up_nginx_compat_next(up_nginx_compat_t *lines)
{
	const ngx_table_elt_t *h = *lines;

	if (h != NULL)
		*lines = h->next;
	return h;
}

#else

typedef struct { ngx_table_elt_t *const *at, *const *end; } up_nginx_compat_t;

static inline up_nginx_compat_t up_nginx_compat_cookies(const ngx_http_request_t *r)
{
	ngx_table_elt_t *const *first = r->headers_in.cookies.elts;

	return (up_nginx_compat_t){ first, first + r->headers_in.cookies.nelts };
}

static inline const ngx_table_elt_t *up_nginx_compat_next(up_nginx_compat_t *lines)
{
	return lines->at < lines->end ? *lines->at++ : NULL;
}

#endif

#endif
