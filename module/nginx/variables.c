/* SPDX-License-Identifier: Apache-2.0
 * $unitpass_unit_code and its sisters: percent-encoded UTF-8, empty without a live session.
 * Computed when asked for. And $remote_user, the unit code of who was let in. */
#include "module/nginx/cache.h"

static ngx_int_t get(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t which)
{
	up_nginx_location_t *l = ngx_http_get_module_loc_conf(r, ngx_http_unitpass_module);
	struct up_buf b = { 0 };
	struct up_rp_session s;
	ngx_int_t rc = NGX_OK;
	bool refresh;

	ngx_memzero(v, sizeof(*v));
	v->valid = 1;
	/* It changes within a request only with the cookie, which does not. */
	v->no_cacheable = 0;
	v->data = (u_char *)"";
	if (up_nginx_access_session(r->main, l, &s, &refresh) != UP_OK)
		return NGX_OK;
	up_rp_value(&s, which, true, &b);
	v->len = (unsigned)b.n & 0x0fffffff;
	v->data = b.failed ? NULL : ngx_pnalloc(r->pool, b.n + 1);
	if (v->data == NULL)
		rc = NGX_ERROR;
	else if (b.n > 0)
		ngx_memcpy(v->data, b.p, b.n);
	up_buf_free(&b);
	return rc;
}

/* --- $remote_user --- */

static ngx_http_get_variable_pt nginx_user;

/* Marks the record of who was let in among the request's cleanups: module contexts do not outlive
 * an internal redirect. */
static void user_record(void *data)
{
	(void)data;
}

ngx_int_t up_nginx_variables_user(ngx_http_request_t *r, const struct up_rp_session *s)
{
	ngx_pool_cleanup_t *record = ngx_pool_cleanup_add(
	    r->main->pool, sizeof(ngx_str_t) + s->unit_code.n);
	ngx_str_t *user;

	if (record == NULL)
		return NGX_ERROR;
	user = record->data;
	user->len = s->unit_code.n;
	user->data = (u_char *)(user + 1);
	ngx_memcpy(user->data, s->unit_code.p, s->unit_code.n);
	record->handler = user_record;
	return NGX_OK;
}

const ngx_str_t *up_nginx_variables_known(const ngx_http_request_t *r)
{
	const ngx_pool_cleanup_t *record = r->main->pool->cleanup;

	while (record != NULL && record->handler != user_record)
		record = record->next;
	return record != NULL ? record->data : NULL;
}

/* Who was let in last; else nobody where we guard (another module let the request in, or it is not
 * yet decided); else what nginx takes from an Authorization header of type Basic, which anybody can
 * send. */
static ngx_int_t get_user(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t data)
{
	const up_nginx_location_t *l = ngx_http_get_module_loc_conf(r, ngx_http_unitpass_module);
	const ngx_str_t *user = up_nginx_variables_known(r);
	ngx_int_t rc = NGX_OK;

	if (user != NULL) {
		ngx_memzero(v, sizeof(*v));
		v->valid = 1;
		v->len = (unsigned)user->len & 0x0fffffff;
		v->data = user->data;
	} else if (l->enable) {
		ngx_memzero(v, sizeof(*v));
		v->not_found = 1;
	} else {
		rc = nginx_user(r, v, data);
	}
	/* Asked before the access phase, it must not stay what it was then. */
	v->no_cacheable = 1;
	return rc;
}

/* nginx has no way to replace a variable of its own but this. */
ngx_int_t up_nginx_variables_take_user(ngx_conf_t *cf)
{
	static const char name[] = "remote_user";
	const ngx_http_core_main_conf_t *core = ngx_http_conf_get_module_main_conf(
	    cf, ngx_http_core_module);
	const ngx_hash_key_t *key = core->variables_keys->keys.elts;

	for (ngx_uint_t i = 0; i < core->variables_keys->keys.nelts; i++) {
		ngx_http_variable_t *var = key[i].value;

		if (key[i].key.len != sizeof(name) - 1 ||
		    ngx_strncmp(key[i].key.data, name, sizeof(name) - 1) != 0)
			continue;
		nginx_user = var->get_handler;
		var->get_handler = get_user;
		return NGX_OK;
	}
	return NGX_ERROR;
}

/* --- all of them --- */

ngx_int_t up_nginx_variables_add(ngx_conf_t *cf)
{
	for (uintptr_t i = 0; i < UP_RP_VALUES; i++) {
		ngx_str_t name = { ngx_strlen(up_rp_value_variable[i]),
			(u_char *)(uintptr_t)up_rp_value_variable[i] };
		ngx_http_variable_t *var = ngx_http_add_variable(cf, &name, 0);

		if (var == NULL)
			return NGX_ERROR;
		var->get_handler = get;
		var->data = i;
	}
	return up_nginx_cache_variable(cf);
}
