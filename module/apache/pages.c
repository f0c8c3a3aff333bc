/* SPDX-License-Identifier: Apache-2.0
 * Everything under /.unitpass/: answered before httpd looks for a location, so that nothing of the
 * site gets in the way. What needs the network blocks its own worker thread. */
#include <apr_strings.h>

#include "module/apache/module.h"

/* --- the request as rp sees it --- */

static struct up_span header(request_rec *r, const char *name)
{
	return up_span_str(apr_table_get(r->headers_in, name));
}

/* Why a browser asks ahead of its reader, by the names that this has had. */
static struct up_span purpose(request_rec *r)
{
	static const char *const names[] = { "Sec-Purpose", "Purpose", "X-Purpose", "X-Moz" };
	struct up_span found = { 0 };

	for (size_t i = 0; i < UP_ARRAY_LEN(names) && found.n == 0; i++)
		found = header(r, names[i]);
	return found;
}

void up_apache_pages_request(request_rec *r, struct up_rp_request *q)
{
	const up_apache_server_t *s = ap_get_module_config(
	    r->server->module_config, &auth_unitpass_module);
	const request_rec *first = r;
	char *ip = apr_pcalloc(r->pool, 46);

	while (first->prev != NULL)
		first = first->prev;
	*q = (struct up_rp_request) {
		.method = up_span_str(r->method),
		.path = up_span_str(r->uri),
		.query = up_span_str(r->args),
		.uri = up_span_str(first->unparsed_uri),
		.host = header(r, "Host"),
		.cookies = up_apache_identity_cookies(r),
		.accept = header(r, "Accept"),
		.accept_language = header(r, "Accept-Language"),
		.content_type = header(r, "Content-Type"),
		.origin = header(r, "Origin"),
		.sec_fetch_site = header(r, "Sec-Fetch-Site"),
		.sec_fetch_mode = header(r, "Sec-Fetch-Mode"),
		.sec_fetch_dest = header(r, "Sec-Fetch-Dest"),
		.purpose = purpose(r),
		.requested_with = header(r, "X-Requested-With"),
		.if_none_match = header(r, "If-None-Match"),
		.user_agent = header(r, "User-Agent"),
		.now_s = apr_time_sec(r->request_time),
		.now_ms = apr_time_as_msec(r->request_time),
	};
	/* useragent_ip: the peer, or what mod_remoteip was told to take for it. */
	up_target_client_ip(up_span_str(r->useragent_ip), header(r, "X-Forwarded-For"),
	    s->proxies != NULL ? (const struct up_cidr *)s->proxies->elts : NULL,
	    s->proxies != NULL ? (size_t)s->proxies->nelts : 0, ip);
	q->client_ip = up_span_str(ip);
}

/* --- the answer --- */

static void put_headers(request_rec *r, const struct up_rp_response *resp)
{
	for (size_t i = 0; i < resp->n_headers; i++) {
		if (ap_cstr_casecmp(resp->headers[i].name, "Content-Type") == 0)
			ap_set_content_type(r, apr_pstrdup(r->pool, resp->headers[i].value));
		else
			apr_table_add(
			    r->headers_out, resp->headers[i].name, resp->headers[i].value);
	}
}

void up_apache_pages_send(request_rec *r, struct up_rp_response *resp)
{
	apr_bucket_brigade *out = apr_brigade_create(r->pool, r->connection->bucket_alloc);
	sigset_t kept;

	r->status = resp->status;
	r->status_line = NULL;
	/* Of a whole answer, no part: a range was asked of something else. */
	apr_table_unset(r->headers_in, "Range");
	apr_table_unset(r->headers_in, "Request-Range");
	put_headers(r, resp);
	if (resp->body.n > 0) {
		ap_set_content_length(r, (apr_off_t)resp->body.n);
		APR_BRIGADE_INSERT_TAIL(out,
		    apr_bucket_heap_create(
			(const char *)resp->body.p, resp->body.n, NULL, out->bucket_alloc));
	} else if (!AP_STATUS_IS_HEADER_ONLY(resp->status)) {
		ap_set_content_length(r, 0);
	}
	APR_BRIGADE_INSERT_TAIL(out, apr_bucket_eos_create(out->bucket_alloc));
	up_apache_child_enter(&kept);
	up_rp_response_free(resp);
	up_apache_child_leave(&kept);
	/* As for the answers that httpd makes itself: "Header always" (HSTS) holds, the content
	 * filters of a location do not. */
	ap_run_insert_error_filter(r);
	/* A client that has gone is httpd's to notice. */
	(void)ap_pass_brigade(r->output_filters, out);
}

/* --- answering --- */

/* At most one byte more than is allowed: then rp refuses it. */
static int read_body(request_rec *r, struct up_span *out)
{
	char *p = apr_palloc(r->pool, UP_RP_BODY_MAX + 1);
	size_t n = 0;
	long got = 0;
	int rc = ap_setup_client_block(r, REQUEST_CHUNKED_DECHUNK);

	if (rc != OK)
		return rc;
	if (ap_should_client_block(r))
		while (n <= UP_RP_BODY_MAX &&
		    (got = ap_get_client_block(r, p + n, UP_RP_BODY_MAX + 1 - n)) > 0)
			n += (size_t)got;
	if (got < 0)
		return HTTP_BAD_REQUEST;
	/* The rest is not read. */
	if (n > UP_RP_BODY_MAX)
		r->connection->keepalive = AP_CONN_CLOSE;
	*out = up_span_of(p, n);
	return OK;
}

static bool is_ours(const request_rec *r)
{
	/* As the browser said it: the pages name themselves so, and any other spelling is the
	 * site's. */
	return r->main == NULL && r->prev == NULL && r->proxyreq == PROXYREQ_NONE &&
	    r->uri != NULL && strncmp(r->uri, UP_RP_PREFIX, sizeof(UP_RP_PREFIX) - 1) == 0;
}

static void respond(
    const up_apache_party_t *party, const struct up_rp_request *req, struct up_rp_response *resp)
{
	struct up_rp_opener *opener;
	sigset_t kept;

	up_apache_child_enter(&kept);
	opener = up_apache_openers_get(party);
	if (opener != NULL)
		up_rp_handle(party->rp, opener, req, resp);
	else
		up_rp_unavailable(party->rp, req, resp);
	up_apache_child_leave(&kept);
}

int up_apache_pages_handler(request_rec *r, int lookup)
{
	const up_apache_party_t *party;
	struct up_rp_response resp = { 0 };
	struct up_rp_request req;
	int rc = OK;

	if (lookup || !is_ours(r) || (party = up_apache_parties_of(r)) == NULL)
		return DECLINED;
	up_apache_pages_request(r, &req);
	if (up_rp_needs_body(req.method, req.path))
		rc = read_body(r, &req.body);
	if (rc != OK)
		return rc;
	respond(party, &req, &resp);
	up_apache_pages_send(r, &resp);
	return OK;
}
