/* SPDX-License-Identifier: Apache-2.0
 * Identity in, spoofs out (SECURITY 20). */
#include "module/nginx/module.h"

/* Take element I out of PART. Elements keep their addresses, since headers_in points at some; a part never becomes empty but the first, since
 * nginx's own loops do not expect that. */
static ngx_int_t take_out(ngx_http_request_t *r, ngx_list_t *list, ngx_list_part_t *part, ngx_uint_t i)
{
	ngx_table_elt_t *h = part->elts;
	ngx_list_part_t *rest, *prev;

	if (i == part->nelts - 1 && (i > 0 || part == &list->part)) {
		part->nelts--;
		return NGX_OK;
	}
	if (part->nelts == 1) {
		for (prev = &list->part; prev->next != part; prev = prev->next)
			;
		prev->next = part->next;
		if (list->last == part) {
			list->last = prev;
			/* No room that we are sure of: the next push makes a part. */
			list->nalloc = prev->nelts > 0 ? prev->nelts : 1;
		}
		return NGX_OK;
	}
	if (i == 0) {
		part->elts = h + 1;
		part->nelts--;
		if (list->last == part)
			list->nalloc--;
		return NGX_OK;
	}
	rest = ngx_palloc(r->pool, sizeof(*rest));
	if (rest == NULL)
		return NGX_ERROR;
	rest->elts = h + i + 1;
	rest->nelts = part->nelts - i - 1;
	rest->next = part->next;
	part->nelts = i;
	part->next = rest;
	if (list->last == part) {
		list->last = rest;
		list->nalloc -= i + 1;
	}
	return NGX_OK;
}

static ngx_int_t strip_one(ngx_http_request_t *r, bool *found)
{
	ngx_list_t *list = &r->headers_in.headers;

	*found = false;
	for (ngx_list_part_t *part = &list->part; part != NULL; part = part->next) {
		const ngx_table_elt_t *h = part->elts;

		for (ngx_uint_t i = 0; i < part->nelts; i++) {
			/* Only names of that length that begin with x: nearly all headers end here. */
			if (h[i].key.len < sizeof("x-unitpass-") || (h[i].key.data[0] | 0x20) != 'x' || !up_rp_is_identity_header(up_nginx_span(h[i].key)))
				continue;
			*found = true;
			return take_out(r, list, part, i);
		}
	}
	return NGX_OK;
}

ngx_int_t up_nginx_headers_strip(ngx_http_request_t *r)
{
	bool found = true;

	while (found)
		if (strip_one(r, &found) != NGX_OK)
			return NGX_ERROR;
	return NGX_OK;
}

static ngx_int_t push(ngx_http_request_t *r, const char *name, ngx_str_t value)
{
	ngx_table_elt_t *h = ngx_list_push(&r->headers_in.headers);
	size_t n = ngx_strlen(name);

	if (h == NULL)
		return NGX_ERROR;
	ngx_memzero(h, sizeof(*h));
	h->key.data = (u_char *)(uintptr_t)name;
	h->key.len = n;
	h->value = value;
	h->lowcase_key = ngx_pnalloc(r->pool, n);
	if (h->lowcase_key == NULL)
		return NGX_ERROR;
	h->hash = ngx_hash_strlow(h->lowcase_key, h->key.data, n);
	return NGX_OK;
}

ngx_int_t up_nginx_headers_identity(ngx_http_request_t *r, const struct up_rp_session *s)
{
	struct up_buf b = { 0 };
	ngx_int_t rc = NGX_OK;
	ngx_str_t value;

	for (size_t i = 0; rc == NGX_OK && i < UP_RP_VALUES; i++) {
		up_buf_reset(&b);
		up_rp_value(s, i, true, &b);
		value.len = b.n;
		/* NUL-terminated, as nginx expects header values to be. */
		value.data = b.failed ? NULL : ngx_pnalloc(r->pool, b.n + 1);
		if (value.data == NULL) {
			rc = NGX_ERROR;
			break;
		}
		if (b.n > 0)
			ngx_memcpy(value.data, b.p, b.n);
		value.data[b.n] = '\0';
		rc = push(r, up_rp_value_header[i], value);
	}
	up_buf_free(&b);
	return rc;
}

/* nginx makes $remote_user from an Authorization header of type Basic and nothing else. So the one that it looks at becomes ours; the
 * header in the list, which goes to the application, stays what the client sent. */
ngx_int_t up_nginx_headers_user(ngx_http_request_t *r, const struct up_rp_session *s)
{
	ngx_table_elt_t *h = ngx_pcalloc(r->pool, sizeof(*h));
	ngx_str_t plain, coded;

	if (h == NULL)
		return NGX_ERROR;
	plain.len = s->unit_code.n + 1;
	plain.data = ngx_pnalloc(r->pool, plain.len);
	coded.data = ngx_pnalloc(r->pool, 6 + ngx_base64_encoded_length(plain.len) + 1);
	if (plain.data == NULL || coded.data == NULL)
		return NGX_ERROR;
	ngx_memcpy(plain.data, s->unit_code.p, s->unit_code.n);
	plain.data[s->unit_code.n] = ':';
	ngx_memcpy(coded.data, "Basic ", 6);
	h->value.data = coded.data;
	coded.data += 6;
	ngx_encode_base64(&coded, &plain);
	h->value.len = 6 + coded.len;
	h->value.data[h->value.len] = '\0';
	h->hash = 1;
	ngx_str_set(&h->key, "Authorization");
	r->headers_in.authorization = h;
	ngx_str_null(&r->headers_in.user);
	ngx_str_null(&r->headers_in.passwd);
	return NGX_OK;
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
	ngx_table_elt_t **lines = r->headers_in.cookies.elts;
	size_t n = 0;
	u_char *p;

	*out = (struct up_span){ NULL, 0 };
	if (r->headers_in.cookies.nelts == 0)
		return NGX_OK;
	if (r->headers_in.cookies.nelts == 1) {
		*out = up_nginx_span(lines[0]->value);
		return NGX_OK;
	}
	for (ngx_uint_t i = 0; i < r->headers_in.cookies.nelts; i++)
		n += lines[i]->value.len + 2;
	out->p = p = ngx_pnalloc(r->pool, n);
	if (p == NULL)
		return NGX_ERROR;
	for (ngx_uint_t i = 0; i < r->headers_in.cookies.nelts; i++) {
		p = ngx_cpymem(p, lines[i]->value.data, lines[i]->value.len);
		p = ngx_cpymem(p, "; ", 2);
	}
	out->n = n;
	return NGX_OK;
}
