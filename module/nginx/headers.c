/* SPDX-License-Identifier: Apache-2.0
 * Identity in, spoofs out (SECURITY 20). */
#include "module/nginx/compat.h"

/* Names in lower case with their hashes, as nginx keeps them beside each header: the same for all
 * requests. */
static struct { u_char lowcase[32]; size_t n; ngx_uint_t hash; } names[UP_RP_VALUES];

void up_nginx_headers_init(void)
{
	for (size_t i = 0; i < UP_RP_VALUES; i++) {
		names[i].n = ngx_min(ngx_strlen(up_rp_value_header[i]), sizeof(names[i].lowcase));
		names[i].hash = ngx_hash_strlow(
		    names[i].lowcase, (u_char *)(uintptr_t)up_rp_value_header[i], names[i].n);
	}
}

/* One that up_nginx_headers_identity added. */
static bool is_ours(const ngx_table_elt_t *h)
{
	for (size_t i = 0; i < UP_RP_VALUES; i++)
		if (h->lowcase_key == names[i].lowcase)
			return true;
	return false;
}

static bool is_named(const ngx_table_elt_t *h, struct up_span name)
{
	return h->key.len == name.n &&
	    ngx_strncasecmp(h->key.data, (u_char *)(uintptr_t)name.p, name.n) == 0;
}

/* Not spoken by nginx itself, but handed on where a site lets WebSockets through. */
static bool asks_for_h2c(const ngx_table_elt_t *h)
{
	return is_named(h, UP_SPAN_LIT("HTTP2-Settings")) ||
	    (is_named(h, UP_SPAN_LIT("Upgrade")) && up_rp_upgrade_is_h2c(up_nginx_span(h->value)));
}

/* What a client may not bring; with OURS_TOO also what up_nginx_headers_identity added. */
static bool is_unwanted(const ngx_table_elt_t *h, bool ours_too)
{
	u_char first = h->key.len > 0 ? h->key.data[0] | 0x20 : 0;

	/* Nearly all headers end here. */
	if (first == 'h' || first == 'u')
		return asks_for_h2c(h);
	return first == 'x' && h->key.len >= sizeof("x-unitpass-") &&
	    up_rp_is_identity_header(up_nginx_span(h->key)) && (ours_too || !is_ours(h));
}

static bool any_unwanted(const ngx_list_t *list, bool ours_too)
{
	for (const ngx_list_part_t *part = &list->part; part != NULL; part = part->next)
		for (ngx_uint_t i = 0; i < part->nelts; i++)
			if (is_unwanted((const ngx_table_elt_t *)part->elts + i, ours_too))
				return true;
	return false;
}

/* A part of one element, H, after LAST. */
static ngx_list_part_t *add_part(ngx_http_request_t *r, ngx_list_part_t *last, ngx_table_elt_t *h)
{
	ngx_list_part_t *part = last->nelts == 0 ? last : ngx_palloc(r->pool, sizeof(*part));

	if (part == NULL)
		return NULL;
	*part = (ngx_list_part_t){ .elts = h, .nelts = 1 };
	if (part != last)
		last->next = part;
	return part;
}

/* What is kept stays where it is, since headers_in points at some of it: every run of kept elements
 * becomes a part. None is empty but perhaps the first and only one, as nginx's own loops expect;
 * the old parts are left as they are, for subrequests that look at them. */
static ngx_int_t rebuild(ngx_http_request_t *r, bool ours_too)
{
	ngx_list_t *list = &r->headers_in.headers;
	ngx_list_part_t first = { .elts = list->part.elts }, *last = &first;

	for (ngx_list_part_t *part = &list->part; part != NULL; part = part->next) {
		ngx_table_elt_t *h = part->elts;
		bool in_run = false;

		for (ngx_uint_t i = 0; i < part->nelts; i++) {
			if (is_unwanted(&h[i], ours_too))
				in_run = false;
			else if (in_run)
				last->nelts++;
			else if ((last = add_part(r, last, &h[i])) != NULL)
				in_run = true;
			else
				return NGX_ERROR;
		}
	}
	list->part = first;
	list->last = last == &first ? &list->part : last;
	/* Full, so that the next push makes a new part; an empty one has room for an element at
	 * least. */
	list->nalloc = last->nelts > 0 ? last->nelts : 1;
	return NGX_OK;
}

/* What "proxy_set_header Connection $http_connection" hands on. */
static ngx_int_t clean_connection(ngx_http_request_t *r, ngx_table_elt_t *h)
{
	struct up_buf b = { 0 };
	ngx_int_t rc = NGX_OK;

	if (up_rp_connection_put(up_nginx_span(h->value), &b)) {
		u_char *copy = b.failed ? NULL : ngx_pnalloc(r->pool, b.n + 1);

		if (copy == NULL)
			rc = NGX_ERROR;
		else
			*ngx_cpymem(copy, b.p != NULL ? b.p : copy, b.n) = '\0';
		h->value = (ngx_str_t){ b.n, copy };
	}
	up_buf_free(&b);
	return rc;
}

static ngx_int_t clean_connections(ngx_http_request_t *r)
{
	for (ngx_list_part_t *part = &r->headers_in.headers.part; part != NULL; part = part->next) {
		ngx_table_elt_t *h = part->elts;

		for (ngx_uint_t i = 0; i < part->nelts; i++)
			if ((is_named(&h[i], UP_SPAN_LIT("Connection")) ||
			    is_named(&h[i], UP_SPAN_LIT("Proxy-Connection"))) &&
			    clean_connection(r, &h[i]) != NGX_OK)
				return NGX_ERROR;
	}
	return NGX_OK;
}

static ngx_int_t strip(ngx_http_request_t *r, bool ours_too)
{
	if (!any_unwanted(&r->headers_in.headers, ours_too))
		return NGX_OK;
	if (r->headers_in.upgrade != NULL && asks_for_h2c(r->headers_in.upgrade))
		r->headers_in.upgrade = NULL;
	return rebuild(r, ours_too);
}

ngx_int_t up_nginx_headers_strip(ngx_http_request_t *r, bool ours_too)
{
	return clean_connections(r) == NGX_OK ? strip(r, ours_too) : NGX_ERROR;
}

/* A named location is entered without the server-rewrite phase, and by error_page even with a
 * request that was too bad for any phase before. What was added for the location before stays:
 * "try_files $uri @application". */
ngx_int_t up_nginx_headers_handler(ngx_http_request_t *r)
{
	const up_nginx_main_t *m = ngx_http_get_module_main_conf(r, ngx_http_unitpass_module);

	if (m->parties.nelts == 0 || !r->internal || r != r->main ||
	    up_nginx_headers_strip(r, false) == NGX_OK)
		return NGX_DECLINED;
	return NGX_HTTP_INTERNAL_SERVER_ERROR;
}

static ngx_int_t push(ngx_http_request_t *r, size_t i, ngx_str_t value)
{
	ngx_table_elt_t *h = ngx_list_push(&r->headers_in.headers);

	if (h == NULL)
		return NGX_ERROR;
	ngx_memzero(h, sizeof(*h));
	h->key.data = (u_char *)(uintptr_t)up_rp_value_header[i];
	h->key.len = names[i].n;
	h->value = value;
	h->lowcase_key = names[i].lowcase;
	h->hash = names[i].hash;
	return NGX_OK;
}

/* Once for each pass over the request's location: a named location is entered with the headers of
 * the one before. A subrequest begins with the very list of its parent, which it must not add to:
 * it gets its own. */
ngx_int_t up_nginx_headers_identity(ngx_http_request_t *r, const struct up_rp_session *s)
{
	struct up_buf b = { 0 };
	size_t end[UP_RP_VALUES], from = 0;
	ngx_int_t rc = r == r->main ? strip(r, true) : rebuild(r, true);
	u_char *all;

	up_buf_reserve(&b, 500);
	for (size_t i = 0; i < UP_RP_VALUES; i++) {
		up_rp_value(s, i, true, &b);
		end[i] = b.n;
		/* as nginx expects header values to end */
		up_buf_put_char(&b, '\0');
	}
	all = b.failed ? NULL : ngx_pnalloc(r->pool, b.n);
	if (all == NULL)
		rc = NGX_ERROR;
	else
		ngx_memcpy(all, b.p, b.n);
	for (size_t i = 0; rc == NGX_OK && i < UP_RP_VALUES; i++) {
		rc = push(r, i, (ngx_str_t){ end[i] - from, all + from });
		from = end[i] + 1;
	}
	up_buf_free(&b);
	return rc;
}

ngx_int_t up_nginx_headers_out(ngx_http_request_t *r, ngx_str_t name, ngx_str_t value)
{
	ngx_table_elt_t *h = ngx_list_push(&r->headers_out.headers);

	if (h == NULL)
		return NGX_ERROR;
	ngx_memzero(h, sizeof(*h));
	h->hash = 1;
	h->key = name;
	h->value = value;
	return NGX_OK;
}

ngx_int_t up_nginx_headers_cookies(ngx_http_request_t *r, struct up_span *out)
{
	up_nginx_compat_t lines = up_nginx_compat_cookies(r), again = lines;
	const ngx_table_elt_t *first = up_nginx_compat_next(&lines);
	const ngx_table_elt_t *h = up_nginx_compat_next(&lines);
	size_t n = 0;
	u_char *p;

	*out = first != NULL ? up_nginx_span(first->value) : (struct up_span){ NULL, 0 };
	if (h == NULL)
		return NGX_OK;
	for (lines = again; (h = up_nginx_compat_next(&lines)) != NULL;)
		n += h->value.len + 2;
	out->p = p = ngx_pnalloc(r->pool, n);
	if (p == NULL)
		return NGX_ERROR;
	while ((h = up_nginx_compat_next(&again)) != NULL) {
		p = ngx_cpymem(p, h->value.data, h->value.len);
		p = ngx_cpymem(p, "; ", 2);
	}
	out->n = n;
	return NGX_OK;
}

void up_nginx_headers_kind(const ngx_http_request_t *r, struct up_rp_request *q)
{
	const ngx_list_part_t *part = &r->headers_in.headers.part;

	for (; part != NULL; part = part->next) {
		const ngx_table_elt_t *h = part->elts;

		for (ngx_uint_t i = 0; i < part->nelts; i++)
			if (is_named(&h[i], UP_SPAN_LIT("Sec-Fetch-Mode")))
				q->sec_fetch_mode = up_nginx_span(h[i].value);
			else if (is_named(&h[i], UP_SPAN_LIT("Accept")))
				q->accept = up_nginx_span(h[i].value);
			else if (is_named(&h[i], UP_SPAN_LIT("X-Requested-With")))
				q->requested_with = up_nginx_span(h[i].value);
	}
}
