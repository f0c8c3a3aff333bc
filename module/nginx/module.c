/* SPDX-License-Identifier: Apache-2.0 */
#include "module/nginx/module.h"

static void on_log(void *arg, char level, const char *line)
{
	ngx_cycle_t *cycle = arg;
	ngx_uint_t l = level == 'e' ? NGX_LOG_ERR : level == 'w' ? NGX_LOG_WARN : NGX_LOG_INFO;

	ngx_log_error(l, cycle->log, 0, "unitpass: %s", line);
}

/* After fork: liboauth2's locks must not be shared between workers. */
static ngx_int_t init_process(ngx_cycle_t *cycle)
{
	if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
		return NGX_OK;
	return up_rp_init(on_log, cycle) == UP_OK ? NGX_OK : NGX_ERROR;
}

static void exit_process(ngx_cycle_t *cycle)
{
	up_nginx_main_t *m;

	if (ngx_get_conf(cycle->conf_ctx, ngx_http_module) == NULL)
		return;
	m = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_unitpass_module);
	for (ngx_uint_t i = 0; m != NULL && i < m->parties.nelts; i++)
		up_rp_opener_free(&((up_nginx_party_t **)m->parties.elts)[i]->opener);
	up_rp_shutdown();
}

static ngx_int_t postconfiguration(ngx_conf_t *cf)
{
	ngx_http_core_main_conf_t *core = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);
	ngx_http_handler_pt *h;

	h = ngx_array_push(&core->phases[NGX_HTTP_SERVER_REWRITE_PHASE].handlers);
	if (h == NULL)
		return NGX_ERROR;
	*h = up_nginx_pages_handler;
	h = ngx_array_push(&core->phases[NGX_HTTP_ACCESS_PHASE].handlers);
	if (h == NULL)
		return NGX_ERROR;
	*h = up_nginx_access_handler;
	return NGX_OK;
}

static ngx_http_module_t context = {
	up_nginx_variables_add,
	postconfiguration,
	up_nginx_settings_main,
	NULL,
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

/* What nginx looks up in a dynamic module. No order: our handlers run before those of the modules built in. */
extern ngx_module_t *ngx_modules[];
extern char *ngx_module_names[];
extern char *ngx_module_order[];
ngx_module_t *ngx_modules[] = { &ngx_http_unitpass_module, NULL };
char *ngx_module_names[] = { (char *)"ngx_http_unitpass_module", NULL };
char *ngx_module_order[] = { NULL };
