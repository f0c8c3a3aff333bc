/* SPDX-License-Identifier: Apache-2.0
 * What caches may keep of guarded locations (module/rp/cache.h): those outside are told in the
 * headers, those of nginx itself are passed by. */
#include "module/nginx/cache.h"

#include "module/rp/cache.h"

static const ngx_str_t name_control = ngx_string("Cache-Control"), name_vary = ngx_string("Vary");

/* Guarded, or on behalf of who was let in by the location before. */
static bool is_private(const ngx_http_request_t *r)
{
	const up_nginx_location_t *l = ngx_http_get_module_loc_conf(r, ngx_http_unitpass_module);

	return !l->cache && (l->enable || up_nginx_variables_known(r) != NULL);
}

/* --- nginx's own caches --------------------------------------------------------------------- */

/* $unitpass_private: what the predicates below ask. */
static ngx_int_t get_private(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data)
{
	(void)data;
	ngx_memzero(v, sizeof(*v));
	v->valid = 1;
	v->no_cacheable = 1;
	v->data = (u_char *)"1";
	v->len = is_private(r);
	return NGX_OK;
}

ngx_int_t up_nginx_cache_variable(ngx_conf_t *cf)
{
	ngx_str_t name = ngx_string("unitpass_private");
	ngx_http_variable_t *var = ngx_http_add_variable(cf, &name, NGX_HTTP_VAR_NOCACHEABLE);

	if (var == NULL)
		return NGX_ERROR;
	var->get_handler = get_private;
	return NGX_OK;
}

static bool is_bypass(const ngx_command_t *c)
{
	static const char end[] = "_cache_bypass";
	const size_t n = sizeof(end) - 1;

	return c->set == ngx_http_set_predicate_slot && c->conf == NGX_HTTP_LOC_CONF_OFFSET &&
	    c->name.len > n && ngx_strncmp(c->name.data + c->name.len - n, end, n) == 0;
}

/* As if the site had named our variable there, too. An array of its own: locations share them. */
static ngx_int_t add_bypass(ngx_conf_t *cf, ngx_command_t *directive, void *conf)
{
	static ngx_str_t words[] = { ngx_null_string, ngx_string("$unitpass_private") };
	ngx_array_t args = { .elts = words, .nelts = 2, .size = sizeof(words[0]), .nalloc = 2,
		.pool = cf->pool };
	ngx_array_t **slot = (ngx_array_t **)((u_char *)conf + directive->offset);
	const ngx_array_t *site = *slot != NGX_CONF_UNSET_PTR ? *slot : NULL;
	ngx_conf_t said = *cf;
	void *copies;

	said.args = &args;
	*slot = NGX_CONF_UNSET_PTR;
	if (ngx_http_set_predicate_slot(&said, directive, conf) != NGX_CONF_OK)
		return NGX_ERROR;
	if (site == NULL)
		return NGX_OK;
	copies = ngx_array_push_n(*slot, site->nelts);
	if (copies == NULL)
		return NGX_ERROR;
	ngx_memcpy(copies, site->elts, site->nelts * site->size);
	return NGX_OK;
}

static ngx_int_t pass_by(ngx_conf_t *cf, void **loc_conf)
{
	for (ngx_uint_t i = 0; cf->cycle->modules[i] != NULL; i++) {
		const ngx_module_t *m = cf->cycle->modules[i];

		if (m->type != NGX_HTTP_MODULE || m->commands == NULL)
			continue;
		for (ngx_command_t *c = m->commands; c->name.len > 0; c++)
			if (is_bypass(c) && add_bypass(cf, c, loc_conf[m->ctx_index]) != NGX_OK)
				return NGX_ERROR;
	}
	return NGX_OK;
}

/* Whichever location a request ends in, guarded or not: all of them, and after every module has
 * merged its settings. */
ngx_int_t up_nginx_cache_pass_by(ngx_conf_t *cf)
{
	const up_nginx_main_t *m = ngx_http_conf_get_module_main_conf(cf, ngx_http_unitpass_module);
	void ***all = m->locations.elts;

	for (ngx_uint_t i = 0; m->parties.nelts > 0 && i < m->locations.nelts; i++)
		if (pass_by(cf, all[i]) != NGX_OK)
			return NGX_ERROR;
	return NGX_OK;
}

/* --- the answer's headers ------------------------------------------------------------------- */

typedef struct {
	struct up_cache said;
	bool varies, sets_cookie;
} up_nginx_answer_t;

static void look_at(up_nginx_answer_t *a, const ngx_table_elt_t *h)
{
	switch (h->key.len) {
	case sizeof("Cache-Control") - 1:
		if (ngx_strncasecmp(h->key.data, name_control.data, h->key.len) == 0)
			up_cache_read(&a->said, up_nginx_span(h->value));
		return;
	case sizeof("Set-Cookie") - 1:
		if (ngx_strncasecmp(h->key.data, (u_char *)"Set-Cookie", h->key.len) == 0)
			a->sets_cookie |= up_cache_is_cookie(up_nginx_span(h->value));
		return;
	case sizeof("Vary") - 1:
		if (ngx_strncasecmp(h->key.data, name_vary.data, h->key.len) == 0)
			a->varies |= up_cache_varies(up_nginx_span(h->value));
		return;
	default:
		return;
	}
}

static up_nginx_answer_t look(const ngx_http_request_t *r)
{
	const ngx_list_part_t *part = &r->headers_out.headers.part;
	up_nginx_answer_t a = { 0 };

	for (; part != NULL; part = part->next) {
		const ngx_table_elt_t *h = part->elts;

		for (ngx_uint_t i = 0; i < part->nelts; i++)
			if (h[i].hash != 0)
				look_at(&a, &h[i]);
	}
	return a;
}

static bool is_for_caches(const ngx_table_elt_t *h)
{
	for (const char *const *name = up_cache_others; *name != NULL; name++)
		if (up_span_ieq_str(up_nginx_span(h->key), *name))
			return true;
	return up_span_ieq_str(up_nginx_span(h->key), "Cache-Control");
}

static ngx_int_t keep_never(ngx_http_request_t *r)
{
	static const ngx_str_t never = ngx_string(UP_CACHE_NEVER);
	ngx_list_part_t *part = &r->headers_out.headers.part;

	for (; part != NULL; part = part->next) {
		ngx_table_elt_t *h = part->elts;

		for (ngx_uint_t i = 0; i < part->nelts; i++)
			if (is_for_caches(&h[i]))
				h[i].hash = 0;
	}
	return up_nginx_headers_out(r, name_control, never);
}

static bool is_page(ngx_http_request_t *r)
{
	struct up_rp_request q = { .method = up_nginx_span(r->method_name) };

	up_nginx_headers_kind(r, &q);
	return up_cache_is_page(up_nginx_span(r->headers_out.content_type), &q);
}

static ngx_int_t keep_for_one(ngx_http_request_t *r, const up_nginx_answer_t *a)
{
	static const ngx_str_t cookie = ngx_string("Cookie");
	bool vary;
	const char *text = up_cache_add(&a->said, is_page(r), &vary);
	ngx_str_t value = { text != NULL ? ngx_strlen(text) : 0, (u_char *)(uintptr_t)text };

	if (text != NULL && up_nginx_headers_out(r, name_control, value) != NGX_OK)
		return NGX_ERROR;
	return vary && !a->varies ? up_nginx_headers_out(r, name_vary, cookie) : NGX_OK;
}

static ngx_http_output_header_filter_pt next_filter;

static ngx_int_t filter(ngx_http_request_t *r)
{
	const up_nginx_location_t *l = ngx_http_get_module_loc_conf(r, ngx_http_unitpass_module);
	bool own = ngx_http_get_module_ctx(r, ngx_http_unitpass_module) != NULL;
	bool private = is_private(r);
	up_nginx_answer_t a;
	ngx_int_t rc = NGX_OK;

	if (private && r->upstream != NULL)
		r->upstream->cacheable = r->upstream->store = 0;
	/* The headers of a subrequest go nowhere. */
	if (r != r->main || (!own && !l->enable && !private))
		return next_filter(r);
	a = look(r);
	if (a.sets_cookie)
		rc = keep_never(r);
	else if (!own && private)
		rc = keep_for_one(r, &a);
	return rc == NGX_OK ? next_filter(r) : NGX_ERROR;
}

/* --- a module of its own: its place is among the filters ------------------------------------ */

static ngx_int_t postconfiguration(ngx_conf_t *cf)
{
	(void)cf;
	next_filter = ngx_http_top_header_filter;
	ngx_http_top_header_filter = filter;
	return NGX_OK;
}

static ngx_http_module_t context = { NULL, postconfiguration, NULL, NULL, NULL, NULL, NULL, NULL };

ngx_module_t ngx_http_unitpass_cache_filter_module = {
	NGX_MODULE_V1,
	&context,
	NULL,
	NGX_HTTP_MODULE,
	NULL,
	NULL,
	NULL,
	NULL,
	NULL,
	NULL,
	NULL,
	NGX_MODULE_V1_PADDING,
};
