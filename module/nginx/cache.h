/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UP_NGINX_CACHE_H
#define UP_NGINX_CACHE_H

#include "module/nginx/module.h"

/* The header filter. After nginx's own for "expires" and "add_header": it has the last word. */
extern ngx_module_t ngx_http_unitpass_cache_filter_module;

ngx_int_t up_nginx_cache_variable(ngx_conf_t *cf);       /* $unitpass_private */
ngx_int_t up_nginx_cache_pass_by(ngx_conf_t *cf);        /* postconfiguration */

#endif
