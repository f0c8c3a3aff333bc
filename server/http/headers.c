/* SPDX-License-Identifier: Apache-2.0
 * What a request's header fields say to all handlers. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "core/target.h"
#include "server/http/http.h"

#define FIELD_COST 64                    /* what libmicrohttpd keeps of a field beside its text */

static enum MHD_Result on_header(void *cls, enum MHD_ValueKind kind, const char *key, size_t key_n,
    const char *value, size_t value_n)
{
	struct up_request *r = cls;
	struct up_span name = up_span_of(key, key_n);
	struct up_span v = up_span_of(value ? value : "", value ? value_n : 0);

	(void)kind;
	r->head_n += key_n + value_n + FIELD_COST;
	if (up_span_ieq_str(name, "authorization")) {
		r->h.authorization = v;
		r->h.n_authorization++;
	} else if (up_span_ieq_str(name, "dpop")) {
		r->h.dpop = v;
		r->h.n_dpop++;
	} else if (up_span_ieq_str(name, "content-type")) {
		r->h.content_type = v;
		r->h.n_content_type++;
	} else if (up_span_ieq_str(name, "accept")) {
		r->h.accept = v;
	} else if (up_span_ieq_str(name, "accept-language")) {
		r->h.accept_language = v;
	} else if (up_span_ieq_str(name, "user-agent")) {
		r->h.user_agent = v;
	} else if (up_span_ieq_str(name, "idempotency-key")) {
		r->h.idempotency_key = v;
		r->h.n_idempotency_key++;
	} else if (up_span_ieq_str(name, "x-forwarded-for")) {
		if (r->forwarded.n > 0)
			up_buf_put_char(&r->forwarded, ',');
		up_buf_put_span(&r->forwarded, v);
	}
	return MHD_YES;
}

static void find_ip(struct up_request *r)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(r->conn, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct up_config *c = r->server->config;
	const struct sockaddr *sa = info ? info->client_addr : NULL;
	char peer[INET6_ADDRSTRLEN] = "unix:";

	if (sa != NULL && sa->sa_family == AF_INET)
		up_target_put4(
		    (const uint8_t *)&((const struct sockaddr_in *)(const void *)sa)->sin_addr,
		    peer);
	else if (sa != NULL && sa->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr,
		    peer, sizeof(peer));
	up_target_client_ip(up_span_str(peer), r->h.forwarded_for, c->proxies, c->n_proxies, r->ip);
}

void up_headers_read(struct up_request *r)
{
	r->head_n = strlen(r->uri);
	MHD_get_connection_values_n(r->conn, MHD_HEADER_KIND, on_header, r);
	r->h.forwarded_for = up_buf_span(&r->forwarded);
	find_ip(r);
}
