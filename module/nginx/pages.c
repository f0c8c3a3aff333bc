/* SPDX-License-Identifier: Apache-2.0
 * Everything under /.unitpass/: answered in the server-rewrite phase, so that no location of the
 * site gets in the way. What needs the network runs in a thread of nginx's pool; the event loop
 * never waits. */
#include "module/nginx/module.h"

/* A call that waited longer for its thread is not made: with the server stuck, what is queued
 * behind the threads must not pile up. */
#define WAIT_MAX_MS 5000
/* A worker that is to end waits while there are timers: each call has one. */
#define KEEP_MS 60000

typedef struct {
	ngx_http_request_t *r;
	up_nginx_location_t *location;
	struct up_rp_request req;
	struct up_rp_response resp;
	ngx_msec_t posted;
	unsigned done:1;
	unsigned answered:1;
} up_nginx_call_t;

/* --- the request as rp sees it --- */

static struct up_span *wanted(struct up_rp_request *q, const ngx_table_elt_t *h)
{
	const struct { const char *name; size_t n; struct up_span *at;
	} names[] = {
		{ "accept", 6, &q->accept },
		{ "accept-language", 15, &q->accept_language },
		{ "content-type", 12, &q->content_type },
		{ "origin", 6, &q->origin },
		{ "sec-fetch-site", 14, &q->sec_fetch_site },
		{ "sec-fetch-mode", 14, &q->sec_fetch_mode },
		{ "sec-fetch-dest", 14, &q->sec_fetch_dest },
		{ "sec-purpose", 11, &q->purpose },
		{ "purpose", 7, &q->purpose },
		{ "x-purpose", 9, &q->purpose },
		{ "x-moz", 5, &q->purpose },
		{ "x-requested-with", 16, &q->requested_with },
		{ "if-none-match", 13, &q->if_none_match },
		{ "user-agent", 10, &q->user_agent },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(names); i++)
		if (h->key.len == names[i].n &&
		    ngx_strncmp(h->lowcase_key, names[i].name, names[i].n) == 0)
			return names[i].at;
	return NULL;
}

static ngx_int_t join(ngx_http_request_t *r, ngx_str_t *all, ngx_str_t more)
{
	u_char *p = ngx_pnalloc(r->pool, all->len + more.len + 1);

	if (p == NULL)
		return NGX_ERROR;
	if (all->len > 0) {
		ngx_memcpy(p, all->data, all->len);
		p[all->len++] = ',';
	}
	if (more.len > 0)
		ngx_memcpy(p + all->len, more.data, more.len);
	all->data = p;
	all->len += more.len;
	return NGX_OK;
}

static ngx_int_t read_headers(ngx_http_request_t *r, struct up_rp_request *q, ngx_str_t *forwarded)
{
	for (ngx_list_part_t *part = &r->headers_in.headers.part; part != NULL; part = part->next) {
		const ngx_table_elt_t *h = part->elts;

		for (ngx_uint_t i = 0; i < part->nelts; i++) {
			struct up_span *at = wanted(q, &h[i]);

			if (at != NULL)
				*at = up_nginx_span(h[i].value);
			else if (h[i].key.len == 15 &&
			    ngx_strncmp(h[i].lowcase_key, "x-forwarded-for", 15) == 0 &&
			    join(r, forwarded, h[i].value) != NGX_OK)
				return NGX_ERROR;
		}
	}
	return NGX_OK;
}

ngx_int_t up_nginx_pages_request(
    ngx_http_request_t *r, up_nginx_location_t *l, struct up_rp_request *q)
{
	ngx_str_t forwarded = ngx_null_string, peer = r->connection->addr_text;
	const struct up_cidr *trusted = l->proxies != NULL ? l->proxies->elts : NULL;
	char *ip = ngx_pcalloc(r->pool, 46);
	const ngx_time_t *now;

	ngx_memzero(q, sizeof(*q));
	q->method = up_nginx_span(r->method_name);
	q->path = up_nginx_span(r->uri);
	q->query = up_nginx_span(r->args);
	q->uri = up_nginx_span(r->unparsed_uri);
	now = ngx_timeofday();
	q->now_s = now->sec;
	q->now_ms = (int64_t)now->sec * 1000 + (int64_t)now->msec;
	if (r->headers_in.host != NULL)
		q->host = up_nginx_span(r->headers_in.host->value);
	if (ip == NULL || up_nginx_headers_cookies(r, &q->cookies) != NGX_OK ||
	    read_headers(r, q, &forwarded) != NGX_OK)
		return NGX_ERROR;
	up_target_client_ip(up_nginx_span(peer), up_nginx_span(forwarded), trusted,
	    l->proxies != NULL ? l->proxies->nelts : 0, ip);
	q->client_ip = up_span_str(ip);
	return NGX_OK;
}

/* --- the answer --- */

static ngx_int_t copy_text(ngx_http_request_t *r, const char *from, ngx_str_t *to)
{
	to->len = ngx_strlen(from);
	to->data = ngx_pnalloc(r->pool, to->len + 1);
	if (to->data == NULL)
		return NGX_ERROR;
	ngx_memcpy(to->data, from, to->len + 1);
	return NGX_OK;
}

/* nginx keeps the charset apart from the type, or its own "charset" would be added to it and
 * "gzip_types" would not know it. */
static void set_type(ngx_http_request_t *r, ngx_str_t value)
{
	static const char mark[] = "; charset=";
	u_char *charset = (u_char *)ngx_strstr(value.data, mark);

	r->headers_out.content_type = value;
	r->headers_out.content_type_len = value.len;
	r->headers_out.content_type_lowcase = NULL;
	if (charset == NULL)
		return;
	r->headers_out.content_type_len = (size_t)(charset - value.data);
	r->headers_out.charset.data = charset + sizeof(mark) - 1;
	r->headers_out.charset.len = (size_t)(value.data + value.len - r->headers_out.charset.data);
}

static ngx_int_t copy_headers(ngx_http_request_t *r, const struct up_rp_response *resp)
{
	ngx_str_t name, value;

	for (size_t i = 0; i < resp->n_headers; i++) {
		if (copy_text(r, resp->headers[i].name, &name) != NGX_OK ||
		    copy_text(r, resp->headers[i].value, &value) != NGX_OK)
			return NGX_ERROR;
		if (ngx_strcasecmp(name.data, (u_char *)"content-type") == 0)
			set_type(r, value);
		else if (up_nginx_headers_out(r, name, value) != NGX_OK)
			return NGX_ERROR;
	}
	return NGX_OK;
}

static ngx_int_t make_body(
    ngx_http_request_t *r, const struct up_rp_response *resp, ngx_chain_t *out)
{
	ngx_buf_t *b = ngx_calloc_buf(r->pool);

	if (b == NULL)
		return NGX_ERROR;
	if (resp->body.n > 0) {
		b->start = b->pos = ngx_pnalloc(r->pool, resp->body.n);
		if (b->pos == NULL)
			return NGX_ERROR;
		ngx_memcpy(b->pos, resp->body.p, resp->body.n);
		b->end = b->last = b->pos + resp->body.n;
		b->memory = 1;
	}
	b->last_buf = 1;
	b->last_in_chain = 1;
	out->buf = b;
	out->next = NULL;
	return NGX_OK;
}

ngx_int_t up_nginx_pages_send(ngx_http_request_t *r, struct up_rp_response *resp)
{
	ngx_chain_t out;
	ngx_int_t rc = NGX_HTTP_INTERNAL_SERVER_ERROR;

	r->headers_out.status = (ngx_uint_t)resp->status;
	/* RFC 9110 section 8.6: no length with 304, nor with HEAD where it is not known. */
	r->headers_out.content_length_n = resp->status == NGX_HTTP_NOT_MODIFIED ||
		(r->method == NGX_HTTP_HEAD && resp->body.n == 0)
	    ? -1
	    : (off_t)resp->body.n;
	if (!resp->body.failed && copy_headers(r, resp) == NGX_OK &&
	    make_body(r, resp, &out) == NGX_OK) {
		rc = ngx_http_send_header(r);
		if (rc == NGX_OK && !r->header_only)
			rc = ngx_http_output_filter(r, &out);
	}
	up_rp_response_free(resp);
	return rc;
}

/* --- in the thread pool --- */

static void in_thread(void *data, ngx_log_t *log)
{
	up_nginx_call_t *call = data;
	const struct up_rp *rp = call->location->party->rp;
	struct up_rp_opener *opener = NULL;

	(void)log;
	if (ngx_terminate || (ngx_msec_int_t)(ngx_current_msec - call->posted) > WAIT_MAX_MS)
		up_rp_unavailable(rp, &call->req, &call->resp);
	/* A thread's own: the worker's opener belongs to the event loop. */
	else if (up_rp_opener_new(rp, &opener) == UP_OK)
		up_rp_handle(rp, opener, &call->req, &call->resp);
	else
		call->resp.status = NGX_HTTP_INTERNAL_SERVER_ERROR;
	up_rp_opener_free(&opener);
}

static void resume(ngx_http_request_t *r)
{
	up_nginx_call_t *call = ngx_http_get_module_ctx(r, ngx_http_unitpass_module);

	/* Also called when the connection becomes writable meanwhile. */
	if (call == NULL || !call->done || call->answered)
		return;
	call->answered = 1;
	r->write_event_handler = ngx_http_request_empty_handler;
	ngx_http_finalize_request(r, up_nginx_pages_send(r, &call->resp));
}

static void on_thread_done(ngx_event_t *ev)
{
	up_nginx_call_t *call = ev->data;
	ngx_http_request_t *r = call->r;
	ngx_connection_t *c = r->connection;

	if (!ev->complete) {
		/* The timer only: the thread is still at work with R, however long that takes. */
		ngx_add_timer(ev, KEEP_MS);
		return;
	}
	if (ev->timer_set)
		ngx_del_timer(ev);
	ngx_http_set_log_request(c->log, r);
	call->done = 1;
	r->main->blocked--;
	r->aio = 0;
	if (r->done) {
		/* Ended meanwhile (the client has gone): let nginx clear it away. */
		c->write->handler(c->write);
		return;
	}
	r->write_event_handler(r);
	ngx_http_run_posted_requests(c);
}

/* The response is malloc'ed: freed even when it was never sent. */
static void free_response(void *data)
{
	up_nginx_call_t *call = data;

	up_rp_response_free(&call->resp);
}

static ngx_int_t post(ngx_http_request_t *r, up_nginx_call_t *call)
{
	up_nginx_main_t *m = ngx_http_get_module_main_conf(r, ngx_http_unitpass_module);
	ngx_thread_task_t *task = ngx_thread_task_alloc(r->pool, 0);
	ngx_pool_cleanup_t *cln = ngx_pool_cleanup_add(r->pool, 0);

	if (task == NULL || cln == NULL)
		return NGX_ERROR;
	cln->handler = free_response;
	cln->data = call;
	task->ctx = call;
	task->handler = in_thread;
	task->event.data = call;
	task->event.handler = on_thread_done;
	task->event.log = ngx_cycle->log;
	call->posted = ngx_current_msec;
	r->write_event_handler = resume;
	if (ngx_thread_task_post(m->threads, task) != NGX_OK)
		return NGX_ERROR;
	ngx_add_timer(&task->event, KEEP_MS);
	r->main->blocked++;
	r->aio = 1;
	return NGX_OK;
}

/* --- answering --- */

/* NGX_DONE: an answer is on its way. */
static ngx_int_t serve(ngx_http_request_t *r, up_nginx_call_t *call)
{
	if (!up_rp_needs_network(call->req.method, call->req.path)) {
		if (call->location->party->opener == NULL &&
		    up_rp_opener_new(call->location->party->rp, &call->location->party->opener) !=
			UP_OK)
			return NGX_HTTP_INTERNAL_SERVER_ERROR;
		up_rp_handle(call->location->party->rp, call->location->party->opener, &call->req,
		    &call->resp);
		ngx_http_finalize_request(r, up_nginx_pages_send(r, &call->resp));
		return NGX_DONE;
	}
	if (post(r, call) == NGX_OK)
		return NGX_DONE;
	/* The queue is full: the server is stuck, or somebody floods us. */
	up_rp_unavailable(call->location->party->rp, &call->req, &call->resp);
	ngx_http_finalize_request(r, up_nginx_pages_send(r, &call->resp));
	return NGX_DONE;
}

/* Append what B holds, in memory or in the file that nginx keeps a body in when
 * client_body_buffer_size is small. */
static ngx_int_t copy_buf(const ngx_buf_t *b, u_char **p)
{
	ssize_t n;

	if (ngx_buf_in_memory(b))
		*p = ngx_cpymem(*p, b->pos, b->last - b->pos);
	/* Neither: a mark such as the end of a chunked body. */
	if (ngx_buf_in_memory(b) || !b->in_file)
		return NGX_OK;
	n = ngx_read_file(b->file, *p, (size_t)(b->file_last - b->file_pos), b->file_pos);
	if (n != b->file_last - b->file_pos)
		return NGX_ERROR;
	*p += n;
	return NGX_OK;
}

static ngx_int_t read_body(ngx_http_request_t *r, struct up_span *out)
{
	ngx_chain_t *in = r->request_body != NULL ? r->request_body->bufs : NULL;
	off_t n = 0;
	u_char *p;

	for (ngx_chain_t *c = in; c != NULL; c = c->next)
		n += ngx_buf_size(c->buf);
	if (n > UP_RP_BODY_MAX)
		return NGX_HTTP_REQUEST_ENTITY_TOO_LARGE;
	p = ngx_pnalloc(r->pool, (size_t)n + 1);
	if (p == NULL)
		return NGX_HTTP_INTERNAL_SERVER_ERROR;
	*out = up_span_of(p, (size_t)n);
	for (ngx_chain_t *c = in; c != NULL; c = c->next)
		if (copy_buf(c->buf, &p) != NGX_OK)
			return NGX_HTTP_INTERNAL_SERVER_ERROR;
	return NGX_OK;
}

static void on_body(ngx_http_request_t *r)
{
	up_nginx_call_t *call = ngx_http_get_module_ctx(r, ngx_http_unitpass_module);
	ngx_int_t rc = read_body(r, &call->req.body);

	if (rc == NGX_OK)
		rc = serve(r, call);
	if (rc != NGX_DONE)
		ngx_http_finalize_request(r, rc);
}

static bool is_ours(const ngx_http_request_t *r)
{
	return r->uri.len > sizeof(UP_RP_PREFIX) - 1 &&
	    ngx_strncmp(r->uri.data, UP_RP_PREFIX, sizeof(UP_RP_PREFIX) - 1) == 0;
}

static ngx_int_t begin(ngx_http_request_t *r, up_nginx_location_t *l)
{
	up_nginx_call_t *call = ngx_pcalloc(r->pool, sizeof(*call));
	ngx_int_t rc;

	if (call == NULL || up_nginx_pages_request(r, l, &call->req) != NGX_OK)
		return NGX_HTTP_INTERNAL_SERVER_ERROR;
	call->r = r;
	call->location = l;
	ngx_http_set_ctx(r, call, ngx_http_unitpass_module);
	if (!up_rp_needs_body(call->req.method, call->req.path)) {
		rc = ngx_http_discard_request_body(r);
		return rc == NGX_OK ? serve(r, call) : rc;
	}
	/* Browsers say how long a form is. What comes without a length would be written to disk, up
	 * to client_max_body_size, before it is known to be too long. */
	if (r->headers_in.chunked)
		return NGX_HTTP_LENGTH_REQUIRED;
	if (r->headers_in.content_length_n > UP_RP_BODY_MAX)
		return NGX_HTTP_REQUEST_ENTITY_TOO_LARGE;
	r->request_body_in_single_buf = 1;
	rc = ngx_http_read_client_request_body(r, on_body);
	if (rc >= NGX_HTTP_SPECIAL_RESPONSE)
		return rc;
	/* Reading took a reference; the phase gives it back, as a content handler's NGX_DONE would.
	 */
	ngx_http_finalize_request(r, NGX_DONE);
	return NGX_DONE;
}

ngx_int_t up_nginx_pages_handler(ngx_http_request_t *r)
{
	const up_nginx_main_t *m = ngx_http_get_module_main_conf(r, ngx_http_unitpass_module);
	up_nginx_location_t *l = ngx_http_get_module_loc_conf(r, ngx_http_unitpass_module);

	/* Also in servers without an issuer: they may share an application with one that has. */
	if (m->parties.nelts > 0 && r == r->main && up_nginx_headers_strip(r, true) != NGX_OK)
		return NGX_HTTP_INTERNAL_SERVER_ERROR;
	if (l->party == NULL || r != r->main || r->internal || !is_ours(r))
		return NGX_DECLINED;
	return begin(r, l);
}
