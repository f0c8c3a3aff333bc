/* SPDX-License-Identifier: Apache-2.0
 * Requests and replies over libmicrohttpd. Handlers read, decide and reply in order; what must be
 * on disk first goes through up_http_commit, which suspends the connection, and continues in the
 * given function once the operation is done. */
#ifndef UP_HTTP_H
#define UP_HTTP_H

#include <microhttpd.h>

#include "core/form.h"
#include "core/json.h"
#include "core/json_put.h"
#include "server/server.h"
#include "server/store/op.h"

#define UP_HTTP_BODY_MAX 32768
/* Bytes that a connection has for request and reply heads. nginx lets 4 x 8 + 1 KiB through unless
 * told otherwise (large_client_header_buffers): all that fits, so that what is too large is told so
 * in our own words, by UP_HTTP_HEAD_MAX, and not in libmicrohttpd's page. A waiting page keeps its
 * pool, so there it is small; the samples pass little on. */
#define UP_HTTP_POOL 40960
#define UP_HTTP_HEAD_MAX 16384
#define UP_HTTP_WATCH_POOL 4096
#define UP_HTTP_WATCH_HEAD_MAX 3072
#define UP_HTTP_PUBLIC_S 300             /* a new signing key is published that long before use */

enum up_who {                            /* auth.h checks it, before the handler runs */
	UP_ANYONE,               /* anybody may */
	UP_OPERATOR,             /* who reaches the listener that is the operator's own */
	UP_CLIENT,               /* an authenticated client: r->client */
	UP_BEARER,               /* an access token: r->session and the role behind it, r->role */
	UP_WATCH_KEY,            /* the secret of one login, in the path: r->watch */
	UP_PHONE,                /* a device token with a proof of its key: r->device */
	UP_SIGNED_PHONE,         /* the same, and the proof signs the body (SECURITY 31) */
	UP_NEW_PHONE,            /* a proof by any key, or an enrolled phone */
	UP_SIGNED_NEW_PHONE,     /* the same, and the proof signs the body */
	UP_WHOS
};
enum up_body { UP_BODY_NONE, UP_BODY_FORM, UP_BODY_JSON };
enum up_style {                          /* how what is refused is told */
	UP_STYLE_OAUTH,          /* JSON: error, error_description; 401 asks for Bearer or Basic */
	UP_STYLE_HOLDER,         /* a message in the person's language beside; 401 asks for DPoP */
};

struct up_request;

struct up_route {
	/* A path that ends in '/' also takes what follows: r->tail; one with a part "{...}" any
	 * one part of a path there, which is then r->tail. */
	const char *method, *path;
	enum up_who who;
	enum up_body body;
	void (*handle)(struct up_request *);
};

/* The endpoints of one room: a table of its own, one style for all. */
struct up_room {
	const char *name;
	enum up_style style;
	const struct up_route *routes;
	size_t n;
};

struct up_headers {                      /* borrowed from the connection; p == NULL: absent */
	struct up_span authorization, dpop, content_type, accept, accept_language, user_agent,
	    forwarded_for, idempotency_key;
	unsigned n_authorization, n_dpop, n_content_type, n_idempotency_key;
};

struct up_request {
	struct up_server *server;
	struct MHD_Connection *conn;     /* NULL: gone, nobody hears the answer */
	const struct up_room *room;      /* of the route; NULL: none is there */
	const struct up_route *route;
	struct up_catalogue *catalogue;
	char *uri;                       /* owned; path, tail and query point into it */
	struct up_span method /* with a NUL */, path, tail, query;
	struct up_headers h;
	size_t head_n;                   /* bytes that the request's head takes of the pool */
	struct up_buf forwarded;         /* several X-Forwarded-For lines joined */
	/* of the browser or phone, as far as trusted proxies tell */
	char ip[46];
	int64_t now_ms;
	struct up_buf body;
	bool body_too_large;
	struct up_form form;
	json_t *json;
	/* who calls */
	const struct up_client *client;
	struct up_device device;         /* id 0: none */
	struct up_session *session;      /* owned; of a bearer, not revoked */
	struct up_role *role;            /* owned; that role, live */
	uint8_t watch[16];
	struct up_dpop *proof;           /* owned */
	struct up_jwk *device_key;       /* owned */
	/* the reply */
	int status;
	const char *content_type;
	bool is_public;                  /* the answer may be stored, and read by any page */
	struct up_buf out;
	struct { const char *name; char *value; } extra[8];   /* values owned */
	size_t n_extra;
	struct MHD_Response *stream;     /* instead of OUT */
	bool is_stream;
	/* waiting for the store */
	enum { UP_REQ_NEW, UP_REQ_READING, UP_REQ_WAITING, UP_REQ_DONE } phase;
	struct up_op *op;                /* what is being written; the handler's own */
	void (*then)(struct up_request *);
	/* taken elsewhere (steps.h) */
	struct up_request *next_step;
	bool stepped;                    /* its step is done, the answer is ready */
	void *state;                     /* the handler's own, freed by free_state */
	void (*free_state)(void *);
};

/* --- replies --- */

/* The table's status, code and text. */
void up_reply_err(struct up_request *, enum up_err);
/* The same with the members that MORE adds to the object. */
void up_reply_err_with(struct up_request *, enum up_err,
    void (*more)(struct up_json_put *, const void *arg), const void *arg);
/* 200 with what is in r->out. */
void up_reply(struct up_request *, const char *content_type);
/* The same for what everybody may know: caches keep it for UP_HTTP_PUBLIC_S, and pages of other
 * origins may read it. */
void up_reply_public(struct up_request *, const char *content_type);
void up_reply_header(struct up_request *, const char *name, struct up_span value);
/* Member "usage_receipt" of a finished operation. */
void up_put_receipt(struct up_json_put *, const struct up_op *);
const char *up_request_language(const struct up_request *);      /* "zh-CN" or "en" */

/* headers.c: r->h, r->head_n, r->forwarded, r->ip. */
void up_headers_read(struct up_request *);

/* --- the store --- */

/* Date OP, submit it, and go on in THEN after its commit (its err tells). OP lies in r->state, or
 * lives as long; nothing of R may be touched after this call. */
void up_http_commit(struct up_request *, struct up_op *op, void (*then)(struct up_request *));
/* One step of a request, for up_steps_new: its handler, or what follows from its operation. */
void up_http_step(struct up_request *);

/* --- daemons --- */

struct up_listener;
struct up_listener_settings {
	const char *address;             /* "127.0.0.1:9080", "unix:/path" */
	const struct up_room *const *rooms;      /* NULL-terminated */
	unsigned threads, connections;
	size_t pool, head_max;           /* bytes a connection, and of them for a request's head */
	unsigned idle_s;
};
/* Bind now (before privileges drop); WHY for people. */
UP_MUST_USE enum up_err up_listener_bind(struct up_server *, const struct up_listener_settings *,
    struct up_listener **out, char why[256]);
UP_MUST_USE enum up_err up_listener_start(struct up_listener *);
void up_listener_quiesce(struct up_listener *);                  /* take no new connections */
void up_listener_stop(struct up_listener **);
/* requests being answered now, streams not counted */
unsigned up_http_busy(void);

#endif
