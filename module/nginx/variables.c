/* SPDX-License-Identifier: Apache-2.0
 * $unitpass_unit_code and its sisters: percent-encoded UTF-8, empty without a live session. Computed when asked for. */
#include "module/nginx/module.h"

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

ngx_int_t up_nginx_variables_add(ngx_conf_t *cf)
{
	for (uintptr_t i = 0; i < UP_RP_VALUES; i++) {
		ngx_str_t name = { ngx_strlen(up_rp_value_variable[i]), (u_char *)(uintptr_t)up_rp_value_variable[i] };
		ngx_http_variable_t *var = ngx_http_add_variable(cf, &name, 0);

		if (var == NULL)
			return NGX_ERROR;
		var->get_handler = get;
		var->data = i;
	}
	return NGX_OK;
}
