/* SPDX-License-Identifier: Apache-2.0 */
#include "module/apache/module.h"

static void register_hooks(apr_pool_t *p)
{
	ap_hook_pre_config(up_apache_settings_begin, NULL, NULL, APR_HOOK_MIDDLE);
	ap_hook_check_config(up_apache_parties_check, NULL, NULL, APR_HOOK_MIDDLE);
	ap_hook_child_init(up_apache_child_begin, NULL, NULL, APR_HOOK_MIDDLE);
	/* Before anything that looks at headers (SetEnvIf, RequestHeader early, mod_remoteip). */
	ap_hook_post_read_request(up_apache_identity_strip, NULL, NULL, APR_HOOK_REALLY_FIRST);
	ap_hook_pre_translate_name(
	    up_apache_identity_strip_again, NULL, NULL, APR_HOOK_REALLY_FIRST);
	/* Before caches, rewriting, proxying and every Location. */
	ap_hook_quick_handler(up_apache_pages_handler, NULL, NULL, APR_HOOK_REALLY_FIRST);
	ap_hook_check_authn(
	    up_apache_access_authenticate, NULL, NULL, APR_HOOK_MIDDLE, AP_AUTH_INTERNAL_PER_CONF);
	ap_hook_check_authz(up_apache_access_authorize, NULL, NULL, APR_HOOK_REALLY_FIRST,
	    AP_AUTH_INTERNAL_PER_CONF);
	ap_hook_force_authn(up_apache_access_force, NULL, NULL, APR_HOOK_MIDDLE);
	/* Before the rewrite rules of a directory. */
	ap_hook_fixups(up_apache_identity_fixups, NULL, NULL, APR_HOOK_REALLY_FIRST);
	up_apache_cache_register();
	up_apache_require_register(p);
}

AP_DECLARE_MODULE(auth_unitpass) = {
	STANDARD20_MODULE_STUFF,
	up_apache_settings_dir,
	up_apache_settings_dir_merge,
	up_apache_settings_server,
	up_apache_settings_server_merge,
	up_apache_settings_commands,
	register_hooks,
	AP_MODULE_FLAG_NONE,
};
