/* SPDX-License-Identifier: Apache-2.0
 * What caches may keep of guarded locations (module/rp/cache.h): told in the headers, and mod_cache
 * by the variable that it asks for. */
#include <apr_strings.h>

#include "module/apache/module.h"
#include "module/rp/cache.h"

/* After "Header" and "Expires", which are the administrator's words, and whatever compresses. */
#define PLACE (AP_FTYPE_CONTENT_SET + 5)

static ap_filter_rec_t *filter;

/* --- what the answer says ------------------------------------------------------------------- */

typedef struct {
	struct up_cache said;
	bool has_vary, varies, sets_cookie;
} up_apache_answer_t;

static void look_at(up_apache_answer_t *a, const apr_table_entry_t *h)
{
	switch (h->key[0] | 0x20) {
	case 'c':
		if (ap_cstr_casecmp(h->key, "Cache-Control") == 0)
			up_cache_read(&a->said, up_span_str(h->val));
		return;
	case 's':
		if (ap_cstr_casecmp(h->key, "Set-Cookie") == 0)
			a->sets_cookie |= up_cache_is_cookie(up_span_str(h->val));
		return;
	case 'v':
		if (ap_cstr_casecmp(h->key, "Vary") == 0) {
			a->has_vary = true;
			a->varies |= up_cache_varies(up_span_str(h->val));
		}
		return;
	default:
		return;
	}
}

static up_apache_answer_t look(request_rec *r)
{
	apr_table_t *const tables[] = { r->headers_out, r->err_headers_out };
	up_apache_answer_t a = { 0 };

	for (size_t i = 0; i < UP_ARRAY_LEN(tables); i++) {
		const apr_array_header_t *all = apr_table_elts(tables[i]);

		for (int at = 0; at < all->nelts; at++)
			look_at(&a, &APR_ARRAY_IDX(all, at, apr_table_entry_t));
	}
	return a;
}

/* --- and what is added ---------------------------------------------------------------------- */

static void keep_never(request_rec *r)
{
	apr_table_t *const tables[] = { r->headers_out, r->err_headers_out };

	for (size_t i = 0; i < UP_ARRAY_LEN(tables); i++) {
		apr_table_unset(tables[i], "Cache-Control");
		for (const char *const *name = up_cache_others; *name != NULL; name++)
			apr_table_unset(tables[i], *name);
	}
	apr_table_setn(r->headers_out, "Cache-Control", UP_CACHE_NEVER);
}

static bool is_page(request_rec *r)
{
	const struct up_rp_request q = { .method = up_span_str(r->method),
		.accept = up_span_str(apr_table_get(r->headers_in, "Accept")),
		.sec_fetch_mode = up_span_str(apr_table_get(r->headers_in, "Sec-Fetch-Mode")),
		.requested_with = up_span_str(apr_table_get(r->headers_in, "X-Requested-With")) };

	return up_cache_is_page(up_span_str(r->content_type), &q);
}

static void keep_for_one(request_rec *r, const up_apache_answer_t *a)
{
	bool vary;
	const char *text = up_cache_add(&a->said, is_page(r), &vary);

	if (text != NULL)
		apr_table_addn(r->headers_out, "Cache-Control", text);
	if (vary && !a->has_vary)
		apr_table_addn(r->headers_out, "Vary", "Cookie");
	else if (vary && !a->varies)
		apr_table_mergen(r->headers_out, "Vary", "Cookie");
}

/* --- when ----------------------------------------------------------------------------------- */

static bool is_private(request_rec *r)
{
	const up_apache_dir_t *d = ap_get_module_config(r->per_dir_config, &auth_unitpass_module);

	return d->cache != 1 && (up_apache_identity_anybody(r) || up_apache_access_is_ours(r));
}

static apr_status_t tell(ap_filter_t *f, apr_bucket_brigade *out)
{
	const up_apache_answer_t a = look(f->r);

	if (a.sets_cookie)
		keep_never(f->r);
	else if (is_private(f->r))
		keep_for_one(f->r, &a);
	ap_remove_output_filter(f);
	return ap_pass_brigade(f->next, out);
}

/* mod_cache asks for "no-cache"; it may answer before anybody is asked who they are. */
static void answer(request_rec *r)
{
	/* The headers of a sub-request go nowhere. */
	if (r->main != NULL || (!is_private(r) && !look(r).sets_cookie))
		return;
	apr_table_setn(r->subprocess_env, "no-cache", "1");
	ap_add_output_filter_handle(filter, NULL, r, r->connection);
}

void up_apache_cache_register(void)
{
	filter = ap_register_output_filter("UNITPASS_CACHE", tell, NULL, PLACE);
	ap_hook_insert_filter(answer, NULL, NULL, APR_HOOK_LAST);
	ap_hook_insert_error_filter(answer, NULL, NULL, APR_HOOK_LAST);
}
