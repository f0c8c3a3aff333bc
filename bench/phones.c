/* SPDX-License-Identifier: Apache-2.0 */
#include "phones.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "measure.h"

#include "core/dpop.h"
#include "core/text.h"

#define PASSWORD "kq8-Shiyan-4402"
#define ROUNDS 1000		/* the server sees the result only */

/* --- one call --- */

static bool draw_jti(char jti[22])
{
	uint8_t random[16];

	if (RAND_bytes(random, sizeof(random)) != 1)
		return false;
	up_text_b64url(up_span_of(random, sizeof(random)), jti);
	return true;
}

static bool put_proof(struct up_bench_caller *c, const struct up_bench_phone *p,
    const struct up_bench_call *call, struct up_buf *out)
{
	struct up_span body = up_span_str(call->body != NULL ? call->body : "");
	char url[400], jti[22];

	if (!draw_jti(jti))
		return false;
	snprintf(url, sizeof(url), "%s%.*s", c->phones->issuer, (int)strcspn(call->path, "?"),
	    call->path);
	const struct up_dpop_make make = {
		.key = p->key, .method = call->body != NULL ? "POST" : "GET",
		.url = up_span_str(url), .token = up_span_str(p->token),
		.nonce = up_span_str(c->nonce), .jti = up_span_of(jti, sizeof(jti)),
		.decision = call->decision, .body = call->body != NULL ? &body : NULL,
		.now_s = time(NULL),
	};
	return up_dpop_make(&make, out) == UP_OK;
}

/* A change has a key of its own, as the reference phone's have. */
static bool put_head(struct up_bench_caller *c, const struct up_bench_phone *p,
    const struct up_bench_call *call, struct up_buf *head)
{
	char key[22];

	if (call->body != NULL)
		up_buf_put_str(head, "Content-Type: application/json\r\n");
	up_buf_put_str(head, "DPoP: ");
	if (!put_proof(c, p, call, head) || (call->change && !draw_jti(key)))
		return false;
	if (call->change)
		up_buf_printf(head, "\r\nIdempotency-Key: %.22s", key);
	if (p->token[0] != '\0')
		up_buf_printf(head, "\r\nAuthorization: DPoP %s", p->token);
	up_buf_put_str(head, "\r\n");
	return up_buf_cstr(head) != NULL;
}

static bool call_once(struct up_bench_caller *c, const struct up_bench_phone *p,
    const struct up_bench_call *call)
{
	struct up_buf head = { 0 };
	bool ok = put_head(c, p, call, &head);
	const struct up_bench_request req = {
		.method = call->body != NULL ? "POST" : "GET", .path = call->path,
		.headers = up_buf_cstr(&head), .body = call->body,
		.body_len = call->body != NULL ? strlen(call->body) : 0,
	};

	ok = ok && up_bench_conn_request(c->conn, &req, c->res) == 0;
	if (!ok)
		up_bench_complain("phone: %s: %s", call->path, strerror(errno));
	else if (c->res->fields[0].value != NULL)
		snprintf(c->nonce, sizeof(c->nonce), "%s", c->res->fields[0].value);
	up_buf_free(&head);
	return ok;
}

json_t *up_bench_phone_call(struct up_bench_caller *c, const struct up_bench_phone *p,
    const struct up_bench_call *call)
{
	json_t *o = NULL;

	if (!call_once(c, p, call))
		return NULL;
	/* RFC 9449 section 8: the first call, and when the nonce has aged. */
	if (c->res->status == 401 && strstr(c->res->body.p, "use_dpop_nonce") != NULL &&
	    !call_once(c, p, call))
		return NULL;
	if (c->res->status == 200)
		o = json_loadb(c->res->body.p, c->res->body.n, 0, NULL);
	if (o == NULL)
		up_bench_complain("phone: %s: status %d: %.300s", call->path, c->res->status,
		    c->res->body.p != NULL ? c->res->body.p : "");
	return o;
}

static json_t *post(struct up_bench_caller *c, const struct up_bench_phone *p, const char *path,
    const char *body, const struct up_decision *decision)
{
	const struct up_bench_call call = { .path = path, .body = body, .decision = decision };

	return up_bench_phone_call(c, p, &call);
}

/* Copy a text member; an absent one is empty text. False when it is too long. */
static bool copy(const json_t *o, const char *name, char *out, size_t size)
{
	const char *s = json_string_value(json_object_get(o, name));

	return (size_t)snprintf(out, size, "%s", s != NULL ? s : "") < size;
}

/* --- scan and decision --- */

static bool read_view(const json_t *o, struct up_bench_view *v)
{
	const json_t *client = json_object_get(o, "client");
	const json_t *role = json_array_get(json_object_get(o, "certificates"), 0);

	v->expires = json_integer_value(json_object_get(o, "expires"));
	return copy(o, "transaction", v->transaction, sizeof(v->transaction)) &&
	    copy(o, "item", v->item, sizeof(v->item)) &&
	    copy(o, "nonce", v->nonce, sizeof(v->nonce)) &&
	    copy(o, "frame", v->frame, sizeof(v->frame)) &&
	    copy(client, "id", v->client, sizeof(v->client)) &&
	    copy(client, "origin", v->origin, sizeof(v->origin)) &&
	    copy(role, "unit", v->unit, sizeof(v->unit)) &&
	    copy(role, "role", v->role, sizeof(v->role)) &&
	    copy(role, "certificate", v->certificate, sizeof(v->certificate));
}

bool up_bench_phone_scan(struct up_bench_caller *c, const struct up_bench_phone *p,
    const char *text, struct up_bench_view *out)
{
	char body[512];

	snprintf(body, sizeof(body), "{\"text\":\"%s\"}", text);
	json_t *o = post(c, p, "/holder/scan", body, NULL);
	bool ok = o != NULL && read_view(o, out);
	json_decref(o);
	return ok;
}

bool up_bench_phone_approve(struct up_bench_caller *c, const struct up_bench_phone *p,
    const struct up_bench_view *v)
{
	const struct up_decision decision = {
		.transaction = up_span_str(v->transaction),
		.client = up_span_str(v->client),
		.origin = up_span_str(v->origin),
		.issuer = up_span_str(c->phones->issuer),
		.unit = up_span_str(v->unit),
		.certificate = up_span_str(v->certificate),
		.role = up_span_str(v->role),
		.item = up_span_str(v->item),
		.nonce = up_span_str(v->nonce),
		.frame = up_span_str(v->frame),
		.decision = UP_SPAN_LIT("approve"),
		.exp = v->expires,
	};
	char body[256];

	snprintf(body, sizeof(body), "{\"transaction\":\"%s\",\"password\":\"%s\"}", v->transaction,
	    c->phones->password);
	json_t *o = post(c, p, "/holder/decisions", body, &decision);
	bool ok = o != NULL &&
	    strcmp(json_string_value(json_object_get(o, "state")) ?: "", "approved") == 0;
	if (o != NULL && !ok)
		up_bench_complain("phone: decision: %.300s", c->res->body.p);
	json_decref(o);
	return ok;
}

/* --- enrolment --- */

static bool stretch(char out[44])
{
	uint8_t salt[16], key[32];

	if (RAND_bytes(salt, sizeof(salt)) != 1 ||
	    PKCS5_PBKDF2_HMAC(PASSWORD, sizeof(PASSWORD) - 1, salt, sizeof(salt), ROUNDS,
		EVP_sha256(), sizeof(key), key) != 1)
		return false;
	up_text_b64url(up_span_of(key, sizeof(key)), out);
	out[43] = '\0';
	return true;
}

/* Look, agree, take (rules 6 to 9). O is {"code","person"} and is changed. */
static bool accept_role(struct up_bench_caller *c, struct up_bench_phone *p, json_t *o)
{
	char *body = json_dumps(o, JSON_COMPACT);
	json_t *found = body != NULL ? post(c, p, "/holder/enrolments", body, NULL) : NULL;
	json_t *taken = NULL;

	free(body);
	body = NULL;
	if (found != NULL &&
	    json_object_update_new(o,
		json_pack("{s:O, s:s, s:{s:s}}", "statement_version",
		    json_object_get(json_object_get(found, "statement"), "version"), "password",
		    c->phones->password, "device", "name", "bench")) == 0)
		body = json_dumps(o, JSON_COMPACT);
	if (body != NULL)
		taken = post(c, p, "/holder/enrolments/accept", body, NULL);
	bool ok = taken != NULL && copy(taken, "device_token", p->token, sizeof(p->token)) &&
	    p->token[0] != '\0';
	free(body);
	json_decref(found);
	json_decref(taken);
	return ok;
}

static bool enrol_line(struct up_bench_caller *c, const char *line, json_t *list)
{
	json_t *in = json_loads(line, 0, NULL), *o = NULL;
	struct up_bench_phone p = { 0 };
	const char *code = strstr(json_string_value(json_object_get(in, "text")) ?: "", "/e/");
	bool ok = false;

	if (code != NULL && up_jwk_generate(&p.key) == UP_OK)
		o = json_pack(
		    "{s:s, s:O}", "code", code + 3, "person", json_object_get(in, "person"));
	if (o == NULL)
		up_bench_complain("phone: not an enrolment: %.200s", line);
	if (o != NULL && accept_role(c, &p, o))
		ok = json_array_append_new(list,
			 json_pack("{s:o, s:s}", "key", up_jwk_to_json(p.key, true), "token",
			     p.token)) == 0;
	json_decref(o);
	json_decref(in);
	up_jwk_free(&p.key);
	return ok;
}

static bool save(const char *file, const struct up_bench_phones *all, json_t *list)
{
	json_t *o = json_pack(
	    "{s:s, s:s, s:O}", "issuer", all->issuer, "password", all->password, "phones", list);
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool ok = o != NULL && fd >= 0 && json_dumpfd(o, fd, JSON_COMPACT) == 0;

	if (!ok)
		up_bench_complain("%s: %s", file, strerror(errno));
	if (fd >= 0 && close(fd) != 0)
		ok = false;
	json_decref(o);
	return ok;
}

bool up_bench_phones_enrol(
    const char *addr, const char *issuer, const char *codes, const char *file)
{
	struct up_bench_phones all = { 0 };
	struct up_bench_field field = { "DPoP-Nonce", NULL };
	struct up_bench_response res = { .fields = &field, .nfields = 1 };
	struct up_bench_caller c = { .phones = &all, .res = &res };
	json_t *list = json_array();
	FILE *f = fopen(codes, "re");
	char *line = NULL;
	size_t cap = 0;
	bool ok = f != NULL && list != NULL && stretch(all.password) &&
	    up_bench_conn_new(addr, &c.conn) == 0;

	snprintf(all.issuer, sizeof(all.issuer), "%s", issuer);
	if (!ok)
		up_bench_complain("%s, %s: %s", codes, addr, strerror(errno));
	while (ok && getline(&line, &cap, f) > 0)
		ok = enrol_line(&c, line, list);
	ok = ok && json_array_size(list) > 0 && save(file, &all, list);
	free(line);
	if (f != NULL)
		fclose(f);
	json_decref(list);
	up_bench_conn_free(&c.conn);
	up_bench_buf_free(&res.body);
	return ok;
}

/* --- the file --- */

static bool load_phone(const json_t *o, struct up_bench_phone *p)
{
	return up_jwk_from_json(json_object_get(o, "key"), false, &p->key) == UP_OK &&
	    up_jwk_is_private(p->key) && copy(o, "token", p->token, sizeof(p->token));
}

bool up_bench_phones_load(const char *file, struct up_bench_phones **out)
{
	json_t *o = json_load_file(file, 0, NULL), *list = json_object_get(o, "phones");
	struct up_bench_phones *all = calloc(1, sizeof(*all));
	bool ok = all != NULL && copy(o, "issuer", all->issuer, sizeof(all->issuer)) &&
	    copy(o, "password", all->password, sizeof(all->password)) && json_array_size(list) > 0;

	*out = all;
	if (ok)
		ok = (all->phones = calloc(json_array_size(list), sizeof(*all->phones))) != NULL;
	for (size_t i = 0; ok && i < json_array_size(list); i++) {
		ok = load_phone(json_array_get(list, i), &all->phones[i]);
		all->n = i + 1;
	}
	json_decref(o);
	if (ok)
		return true;
	up_bench_complain("%s: no phones that can be read", file);
	up_bench_phones_free(out);
	return false;
}

void up_bench_phones_free(struct up_bench_phones **all)
{
	if (*all == NULL)
		return;
	for (size_t i = 0; i < (*all)->n; i++)
		up_jwk_free(&(*all)->phones[i].key);
	free((*all)->phones);
	free(*all);
	*all = NULL;
}
