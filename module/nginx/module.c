/* SPDX-License-Identifier: Apache-2.0 */
#include "module/nginx/cache.h"

static void on_log(void *arg, char level, const char *line)
{
	ngx_uint_t l = level == 'e' ? NGX_LOG_ERR : level == 'w' ? NGX_LOG_WARN : NGX_LOG_INFO;

	(void)arg;
	ngx_log_error(l, ngx_cycle->log, 0, "unitpass: %s", line);
}

/* After fork: liboauth2's locks must not be shared between workers. */
static ngx_int_t init_process(ngx_cycle_t *cycle)
{
	(void)cycle;
	if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
		return NGX_OK;
	return up_rp_init(on_log, NULL) == UP_OK ? NGX_OK : NGX_ERROR;
}

static void exit_process(ngx_cycle_t *cycle)
{
	up_nginx_main_t *m;

	if (ngx_get_conf(cycle->conf_ctx, ngx_http_module) == NULL)
		return;
	m = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_unitpass_module);
	/* Before liboauth2 and libcurl: their handles are inside. The threads have ended. */
	for (ngx_uint_t i = 0; m != NULL && i < m->parties.nelts; i++) {
		up_nginx_party_t *p = ((up_nginx_party_t **)m->parties.elts)[i];

		up_rp_opener_free(&p->opener);
		up_rp_free(&p->rp);
	}
	up_rp_shutdown();
}

/* nginx calls the handlers of a phase from the last to the first. */
static ngx_int_t add(ngx_http_core_main_conf_t *core, ngx_http_phases phase,
    ngx_http_handler_pt handler, bool runs_last)
{
	ngx_array_t *all = &core->phases[phase].handlers;
	ngx_http_handler_pt *h = ngx_array_push(all);

	if (h == NULL)
		return NGX_ERROR;
	if (runs_last) {
		ngx_memmove(
		    (ngx_http_handler_pt *)all->elts + 1, all->elts, (all->nelts - 1) * sizeof(*h));
		h = all->elts;
	}
	*h = handler;
	return NGX_OK;
}

static ngx_int_t postconfiguration(ngx_conf_t *cf)
{
	ngx_http_core_main_conf_t *core = ngx_http_conf_get_module_main_conf(
	    cf, ngx_http_core_module);

	up_nginx_headers_init();
	if (add(core, NGX_HTTP_SERVER_REWRITE_PHASE, up_nginx_pages_handler, false) != NGX_OK ||
	    add(core, NGX_HTTP_REWRITE_PHASE, up_nginx_headers_handler, false) != NGX_OK ||
	    add(core, NGX_HTTP_ACCESS_PHASE, up_nginx_access_handler, false) != NGX_OK ||
	    add(core, NGX_HTTP_ACCESS_PHASE, up_nginx_access_last, true) != NGX_OK ||
	    add(core, NGX_HTTP_PRECONTENT_PHASE, up_nginx_access_subrequest, false) != NGX_OK)
		return NGX_ERROR;
	if (up_nginx_cache_pass_by(cf) != NGX_OK)
		return NGX_ERROR;
	return up_nginx_variables_take_user(cf);
}

static ngx_http_module_t context = {
	up_nginx_variables_add,
	postconfiguration,
	up_nginx_settings_main,
	up_nginx_settings_init,
	NULL,
	NULL,
	up_nginx_settings_location,
	up_nginx_settings_merge,
};

ngx_module_t ngx_http_unitpass_module = {
	NGX_MODULE_V1,
	&context,
	up_nginx_settings_commands,
	NGX_HTTP_MODULE,
	NULL,
	NULL,
	init_process,
	NULL,
	NULL,
	exit_process,
	NULL,
	NGX_MODULE_V1_PADDING,
};

/* What nginx looks up in a dynamic module. The filter stands before nginx's own for headers, so
 * that it runs after it; the module itself has no place, so that its handlers run before those
 * built in. */
extern ngx_module_t *ngx_modules[];
extern char *ngx_module_names[];
extern char *ngx_module_order[];
ngx_module_t *ngx_modules[] = { &ngx_http_unitpass_cache_filter_module,
	&ngx_http_unitpass_module, NULL };
char *ngx_module_names[] = { (char *)"ngx_http_unitpass_cache_filter_module",
	(char *)"ngx_http_unitpass_module", NULL };
char *ngx_module_order[] = { (char *)"ngx_http_unitpass_cache_filter_module",
	(char *)"ngx_http_headers_filter_module", NULL };
