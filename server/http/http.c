/* SPDX-License-Identifier: Apache-2.0
 * From libmicrohttpd's callbacks to one struct up_request and back. */
#include "server/http/http.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/dpop.h"
#include "core/template.h"
#include "core/text.h"
#include "server/http/auth.h"
#include "server/http/body.h"
#include "server/log.h"
#include "server/http/metrics.h"
#include "server/http/routes.h"
#include "server/http/steps.h"

#define TEXT_OF(n) #n
#define SECONDS(n) TEXT_OF(n)
#define PUBLIC_CACHE "public, max-age=" SECONDS(UP_HTTP_PUBLIC_S)

static atomic_uint busy;

unsigned up_http_busy(void)
{
	return atomic_load(&busy);
}

/* --- replies --- */

void up_put_receipt(struct up_json_put *j, const struct up_op *op)
{
	up_json_put_object(j, "usage_receipt");
	up_json_put_text(j, "record", op->record.id);
	up_json_put_b64url(j, "leaf_hash", up_span_of(op->out_leaf, sizeof(op->out_leaf)));
	up_json_put_end(j);
}

const char *up_request_language(const struct up_request *r)
{
	return up_template_language(r->h.accept_language);
}

void up_reply_header(struct up_request *r, const char *name, struct up_span value)
{
	if (r->n_extra == UP_ARRAY_LEN(r->extra))
		return;
	r->extra[r->n_extra].name = name;
	r->extra[r->n_extra].value = up_span_dup(value);
	r->n_extra++;
}

void up_reply(struct up_request *r, const char *content_type)
{
	r->status = 200;
	r->content_type = content_type;
}

void up_reply_public(struct up_request *r, const char *content_type)
{
	up_reply(r, content_type);
	r->is_public = true;
	up_reply_header(r, "Access-Control-Allow-Origin", UP_SPAN_LIT("*"));
}

static enum up_style style_of(const struct up_request *r)
{
	return r->room != NULL ? r->room->style : UP_STYLE_OAUTH;
}

static void challenge(struct up_request *r, enum up_err err)
{
	const char *issuer = r->server->config->issuer, *error = up_err_reply(err)->oauth;
	bool phone = style_of(r) == UP_STYLE_HOLDER;
	bool basic = !phone && (err == UP_E_CLIENT || err == UP_E_ASSERTION);
	struct up_buf b = { 0 };

	up_buf_printf(&b, "%s realm=\"%s\"", phone ? "DPoP" : basic ? "Basic" : "Bearer", issuer);
	up_buf_put_str(&b, phone ? ", algs=\"ES256\"" : basic ? ", charset=\"UTF-8\"" : "");
	if (!basic && error[0] != '\0')
		up_buf_printf(&b, ", error=\"%s\"", error);
	up_reply_header(r, "WWW-Authenticate", up_buf_span(&b));
	up_buf_free(&b);
}

void up_reply_err_with(struct up_request *r, enum up_err err,
    void (*more)(struct up_json_put *, const void *arg), const void *arg)
{
	const struct up_reply *reply = up_err_reply(err);
	struct up_json_put j = { .b = &r->out };

	up_buf_reset(&r->out);
	up_json_put_object(&j, NULL);
	up_json_put_opt(&j, "error", up_span_str(reply->oauth));
	up_json_put_str(&j, "error_description", reply->en);
	if (style_of(r) == UP_STYLE_HOLDER)
		up_json_put_str(&j, "message",
		    strcmp(up_request_language(r), "en") == 0 ? reply->en : reply->zh);
	if (more != NULL)
		more(&j, arg);
	up_json_put_end(&j);
	up_reply(r, "application/json");
	r->is_public = false;
	r->status = reply->http;
	if (reply->http == 401)
		challenge(r, err);
	if (reply->http == 503 || reply->http == 429)
		up_reply_header(r, "Retry-After", UP_SPAN_LIT("5"));
	if (reply->http >= 500)
		up_log(UP_LOG_ERROR, "request_failed", "reason", up_err_name(err), "path",
		    r->route ? r->route->path : "", NULL);
}

void up_reply_err(struct up_request *r, enum up_err err)
{
	up_reply_err_with(r, err, NULL, NULL);
}

static void wipe_and_free(void *p)
{
	up_wipe(p, malloc_usable_size(p));
	free(p);
}

static enum MHD_Result send_reply(struct up_request *r)
{
	struct MHD_Response *resp = r->stream;
	enum MHD_Result ok;

	if (r->out.failed)
		up_reply_err(r, UP_E_NOMEM);
	if (resp == NULL) {
		size_t n = r->out.n;
		char *p = up_buf_take(&r->out);

		/* Tokens and device tokens are answers: wiped when sent. */
		resp = p != NULL
		    ? MHD_create_response_from_buffer_with_free_callback(n, p, wipe_and_free)
		    : NULL;
		if (resp == NULL) {
			free(p);
			return MHD_NO;
		}
	}
	r->is_stream = r->stream != NULL;
	r->stream = NULL;
	MHD_add_response_header(resp, "Content-Type", r->content_type);
	MHD_add_response_header(resp, "Cache-Control", r->is_public ? PUBLIC_CACHE : "no-store");
	/* RFC 6749 section 5.1 wants both of what holds credentials. */
	if (r->route != NULL && r->route->who == UP_CLIENT)
		MHD_add_response_header(resp, "Pragma", "no-cache");
	MHD_add_response_header(resp, "X-Content-Type-Options", "nosniff");
	if (style_of(r) == UP_STYLE_HOLDER)
		up_auth_put_nonce(r, resp);
	for (size_t i = 0; i < r->n_extra; i++)
		if (r->extra[i].value != NULL)
			MHD_add_response_header(resp, r->extra[i].name, r->extra[i].value);
	up_metrics_answer(r->route, r->status);
	ok = MHD_queue_response(r->conn, (unsigned)r->status, resp);
	MHD_destroy_response(resp);
	return ok;
}

/* --- the store --- */

static void op_done(struct up_op *op)
{
	struct up_request *r = op->arg;

	MHD_resume_connection(r->conn);
}

/* Nobody is there who could be suspended: the thread waits for the disk itself. */
static void commit_alone(struct up_request *r, void (*then)(struct up_request *))
{
	enum up_err err = up_store_run(r->server->store, r->op);

	if (err == UP_E_BUSY)
		r->op->err = UP_E_STORE;
	then(r);
}

void up_http_commit(struct up_request *r, struct up_op *op, void (*then)(struct up_request *))
{
	enum up_err err;

	op->now_ms = op->record.time_ms = r->now_ms;
	op->arg = r;
	r->op = op;
	if (r->conn == NULL) {
		commit_alone(r, then);
		return;
	}
	r->then = then;
	r->phase = UP_REQ_WAITING;
	op->done = op_done;
	/* Suspended first: the writer may be done before submit returns. */
	if (!up_steps_hand_on())
		MHD_suspend_connection(r->conn);
	err = up_store_submit(r->server->store, r->op);
	if (err == UP_OK)
		return;
	r->op->err = UP_E_STORE;
	MHD_resume_connection(r->conn);
}

/* --- a request's life --- */

static void *on_uri(void *cls, const char *uri, struct MHD_Connection *conn)
{
	struct up_request *r = calloc(1, sizeof(*r));

	(void)cls;
	if (r == NULL)
		return NULL;
	r->conn = conn;
	r->uri = strdup(uri);
	if (r->uri == NULL) {
		free(r);
		return NULL;
	}
	atomic_fetch_add(&busy, 1);
	return r;
}

static void on_completed(
    void *cls, struct MHD_Connection *conn, void **con_cls, enum MHD_RequestTerminationCode code)
{
	struct up_request *r = *con_cls;

	(void)cls;
	(void)conn;
	(void)code;
	if (r == NULL)
		return;
	*con_cls = NULL;
	/* The caller has gone while his record was being written. It is written, so what follows
	 * from it happens, to the last record, only nobody is told: nothing may be suspended any
	 * more. */
	if (r->phase == UP_REQ_WAITING) {
		r->phase = UP_REQ_DONE;
		r->conn = NULL;
		r->then(r);
	}
	/* Made by a step, and nobody was there any more to whom it could be handed over. */
	if (r->stream != NULL)
		MHD_destroy_response(r->stream);
	if (r->free_state != NULL)
		r->free_state(r->state);
	up_store_role_free(&r->role);
	up_store_session_free(&r->session);
	up_wipe(r->watch, sizeof(r->watch));
	if (r->proof != NULL)
		up_dpop_free(r->proof);
	free(r->proof);
	up_jwk_free(&r->device_key);
	json_decref(r->json);
	up_form_free(&r->form);
	up_buf_free(&r->body);
	up_buf_free(&r->out);
	up_buf_free(&r->forwarded);
	for (size_t i = 0; i < r->n_extra; i++)
		free(r->extra[i].value);
	up_catalogue_put(&r->catalogue);
	free(r->uri);
	free(r);
	atomic_fetch_sub(&busy, 1);
}

static bool is_type(struct up_span content_type, const char *want)
{
	struct up_span head, rest;

	up_span_cut(content_type, ';', &head, &rest);
	return up_span_ieq_str(up_span_trim(head), want);
}

static enum up_err parse_body(struct up_request *r)
{
	if (r->body_too_large)
		return UP_E_TOO_LARGE;
	if (r->route->body == UP_BODY_NONE)
		return r->body.n == 0 ? UP_OK : UP_E_REQUEST;
	if (r->body.failed)
		return UP_E_NOMEM;
	/* nothing of no type: as a form without parameters */
	if (r->route->body == UP_BODY_FORM && r->body.n == 0)
		return UP_OK;
	if (r->h.n_content_type != 1)
		return UP_E_TYPE;
	if (r->route->body == UP_BODY_FORM)
		return is_type(r->h.content_type, "application/x-www-form-urlencoded")
		    ? up_form_parse(up_buf_span(&r->body), &r->form) : UP_E_TYPE;
	return is_type(r->h.content_type, "application/json")
	    ? up_json_parse(up_buf_span(&r->body), &r->json)
	    : UP_E_TYPE;
}

static enum up_err prepare(struct up_request *r)
{
	enum up_err err = UP_OK;

	if (up_auth_wants_clock(r->route->who))
		err = up_clock_now(r->server, &r->now_ms);
	if (err == UP_OK)
		err = parse_body(r);
	return err == UP_OK ? up_auth_caller(r) : err;
}

void up_http_step(struct up_request *r)
{
	enum up_err err;

	if (r->phase == UP_REQ_WAITING) {
		r->phase = UP_REQ_DONE;
		r->then(r);
	} else {
		r->phase = UP_REQ_DONE;
		err = prepare(r);
		if (err == UP_OK)
			r->route->handle(r);
		else if (style_of(r) == UP_STYLE_HOLDER && r->json == NULL)
			up_body_refuse_unread(r, err);
		else
			up_reply_err(r, err);
	}
}

static enum MHD_Result answer(struct up_request *r)
{
	if (r->stepped)
		r->stepped = false;
	else if (r->server->steps != NULL && up_steps_take(r->server->steps, r))
		return MHD_YES;
	else
		up_http_step(r);
	/* The handler may be waiting for the store (again). */
	return r->phase == UP_REQ_WAITING ? MHD_YES : send_reply(r);
}

static enum MHD_Result begin(
    struct up_request *r, const struct up_listener_settings *l, const char *url, const char *method)
{
	enum up_err err;
	struct up_span uri = up_span_str(r->uri);

	(void)url;
	r->phase = UP_REQ_READING;
	r->method = up_span_str(method);
	up_span_cut(uri, '?', &r->path, &r->query);
	up_headers_read(r);
	r->catalogue = up_catalogue_get(r->server);
	err = up_routes_find(l->rooms, r);
	if (err == UP_OK && r->head_n > l->head_max)
		err = UP_E_HEADERS;
	if (err == UP_OK && (r->h.n_authorization > 1 || r->h.n_dpop > 1))
		err = UP_E_REQUEST;
	if (err == UP_OK)
		return MHD_YES;
	up_reply_err(r, err);
	r->phase = UP_REQ_DONE;
	return send_reply(r);
}

struct up_listener {
	struct up_server *server;
	struct up_listener_settings settings;
	struct MHD_Daemon *daemon;
	char *unix_path;
	int fd;
};

static enum MHD_Result on_request(void *cls, struct MHD_Connection *conn, const char *url,
    const char *method, const char *version, const char *data, size_t *data_n, void **con_cls)
{
	struct up_listener *l = cls;
	struct up_request *r = *con_cls;
	enum MHD_Result result;

	(void)version;
	if (r == NULL)
		return MHD_NO;
	if (r->phase == UP_REQ_NEW) {
		r->server = l->server;
		return begin(r, &l->settings, url, method);
	}
	if (*data_n > 0) {
		if (r->body.n + *data_n > UP_HTTP_BODY_MAX)
			r->body_too_large = true;
		else
			up_buf_put(&r->body, data, *data_n);
		*data_n = 0;
		return MHD_YES;
	}
	result = answer(r);
	/* A stream lives on in its own small struct: thousands of pages wait. */
	if (r->is_stream) {
		on_completed(NULL, conn, con_cls, MHD_REQUEST_TERMINATED_COMPLETED_OK);
		*con_cls = NULL;
	}
	return result;
}

/* --- listeners --- */

static size_t keep_escapes(void *cls, struct MHD_Connection *conn, char *s)
{
	(void)cls;
	(void)conn;
	return strlen(s);
}

static void on_mhd_log(void *cls, const char *fmt, va_list ap)
{
	char line[512];

	(void)cls;
	vsnprintf(line, sizeof(line), fmt, ap);
	line[strcspn(line, "\r\n")] = '\0';
	up_log(UP_LOG_DEBUG, "http", "text", line, NULL);
}

enum up_err up_listener_bind(struct up_server *s, const struct up_listener_settings *settings,
    struct up_listener **out, char why[256])
{
	struct up_listener *l = calloc(1, sizeof(*l));

	*out = NULL;
	if (l == NULL)
		return UP_E_NOMEM;
	l->server = s;
	l->settings = *settings;
	l->fd = up_listener_socket(settings->address, &l->unix_path, why);
	if (l->fd < 0) {
		free(l);
		return UP_E_IO;
	}
	*out = l;
	return UP_OK;
}

enum up_err up_listener_start(struct up_listener *l)
{
	const struct up_listener_settings *o = &l->settings;
	struct MHD_OptionItem more[] = {
		{ o->threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END,
		    (intptr_t)o->threads, NULL },
		{ MHD_OPTION_END, 0, NULL },
	};

	l->daemon = MHD_start_daemon(
	    MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL,
	    NULL, on_request, l, MHD_OPTION_EXTERNAL_LOGGER, on_mhd_log, NULL,
	    MHD_OPTION_LISTEN_SOCKET, l->fd, MHD_OPTION_URI_LOG_CALLBACK, on_uri, NULL,
	    MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_UNESCAPE_CALLBACK,
	    keep_escapes, NULL, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    o->pool, MHD_OPTION_CONNECTION_LIMIT, o->connections, MHD_OPTION_CONNECTION_TIMEOUT,
	    o->idle_s, MHD_OPTION_ARRAY, more, MHD_OPTION_END);
	return l->daemon != NULL ? UP_OK : UP_E_IO;
}

void up_listener_quiesce(struct up_listener *l)
{
	if (l->daemon != NULL)
		(void)MHD_quiesce_daemon(l->daemon);
}

void up_listener_stop(struct up_listener **l)
{
	if (*l == NULL)
		return;
	if ((*l)->daemon != NULL)
		MHD_stop_daemon((*l)->daemon);
	up_listener_socket_close((*l)->fd, (*l)->unix_path);
	free((*l)->unix_path);
	free(*l);
	*l = NULL;
}
