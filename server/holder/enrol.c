/* SPDX-License-Identifier: Apache-2.0
 * Enrolment on the phone (rules 6-9): look at what the code gives, agree to the statement, register
 * key and password, download. */
#include <stdlib.h>
#include <string.h>

#include "core/dpop.h"
#include "core/hash.h"
#include "core/password.h"
#include "core/person.h"
#include "core/text.h"
#include "server/holder/list.h"
#include "server/login/holder.h"
#include "server/http/limits.h"
#include "server/log.h"
#include "server/login/record.h"
#include "server/http/metrics.h"
#include "server/http/routes.h"
#include "web/legal.h"

#define GIVEN_MAX 512                    /* bytes of a value as typed, blanks and all */

struct enrol {
	struct up_op_open look;        /* POST /holder/enrolments */
	struct up_op_enrol write;        /* .../accept */
	uint8_t code_hash[32];
	struct up_person person;
	struct up_person_fault fault;    /* what is wrong with it */
	struct up_named named;           /* borrowed from person */
	char record_id[23], device_ref[23], device_token[44], hex[33];
	enum up_err refused;             /* too many looks that failed */
};

static void free_enrol(void *p)
{
	struct enrol *x = p;

	up_op_clear(&x->look.op);
	up_op_clear(&x->write.op);
	up_wipe(x, sizeof(*x));
	free(x);
}

/* --- what both calls begin with --- */

static enum up_err read_person(const struct up_request *r, struct enrol *x)
{
	static const char *const members[] = { "name", "resident_id", "mobile", NULL };
	const json_t *person = json_object_get(r->json, "person");
	struct up_person_given given;
	enum up_err err;

	if (!json_is_object(person))
		return UP_E_REQUEST;
	err = up_json_only(person, members);
	if (err == UP_OK)
		err = up_json_text(person, "name", GIVEN_MAX, &given.name);
	if (err == UP_OK)
		err = up_json_text(person, "resident_id", GIVEN_MAX, &given.resident);
	if (err == UP_OK)
		err = up_json_text(person, "mobile", GIVEN_MAX, &given.mobile);
	if (err == UP_OK)
		err = up_person_take(&given, up_holder_today(r), &x->person, &x->fault);
	x->named = (struct up_named){ up_span_str(x->person.name), up_span_str(x->person.resident),
	    up_span_str(x->person.mobile) };
	return err;
}

static enum up_err read_code(const json_t *body, struct enrol *x)
{
	struct up_span code;
	uint8_t raw[16];
	enum up_err err;

	err = up_json_text(body, "code", 64, &code);
	if (err != UP_OK)
		return err;
	code = up_text_scanned(code);
	if (code.n != 22 || up_text_b64url_fixed(code, raw, sizeof(raw)) != UP_OK)
		return UP_E_CODE;
	err = up_hash_sha256(&code, 1, x->code_hash);
	up_text_hex(up_span_of(x->code_hash, 16), x->hex);
	x->hex[32] = '\0';
	return err;
}

static struct enrol *begin(struct up_request *r, const char *const *members, enum up_err *err)
{
	struct enrol *x = calloc(1, sizeof(*x));

	*err = x != NULL ? UP_OK : UP_E_NOMEM;
	if (x == NULL)
		return NULL;
	x->look.op.kind = UP_OP_OPEN;
	x->write.op.kind = UP_OP_ENROL;
	r->state = x;
	r->free_state = free_enrol;
	*err = up_json_only(r->json, members);
	if (*err == UP_OK)
		*err = read_person(r, x);
	if (*err == UP_OK)
		*err = read_code(r->json, x);
	return x;
}

struct detail { const char *member; char text[UP_PERSON_FAULT_TEXT]; };

static void put_detail(struct up_json_put *j, const void *arg)
{
	const struct detail *d = arg;

	up_json_put_str(j, "member", d->member);
	up_json_put_opt(j, "detail", up_span_str(d->text));
}

/* A value that cannot be anybody's is a typing error, not another person: the code loses no try,
 * and the character is named. */
static void refuse(struct up_request *r, const struct enrol *x, enum up_err err)
{
	struct detail d = { .member = x != NULL ? x->fault.member : NULL };

	if (x == NULL || x->fault.err == UP_OK || x->fault.err == UP_E_NOMEM) {
		up_reply_err(r, err);
		return;
	}
	up_person_fault_text(&x->fault, strcmp(up_request_language(r), "en") != 0, d.text);
	up_reply_err_with(r, err, put_detail, &d);
}

static void begin_record(
    struct up_request *r, struct enrol *x, struct up_record *rec, const char *event)
{
	up_login_record(rec, r->catalogue, NULL, event, x->record_id);
	rec->code_hash = up_span_str(x->hex);
	rec->channel = UP_SPAN_LIT("window");
	up_facts_phone(rec, &r->device, r->ip);
}

/* --- POST /holder/enrolments --- */

/* What the phone must ask for: a new password, its password, or a new one in the place of a locked
 * one, which only the window's codes allow (server/store/enrol.c): principals'. */
static const char *password_state(const struct up_request *r, const struct up_enrolment *e)
{
	if (r->device.id == 0)
		return "new";
	return r->device.errors < UP_PASSWORD_ERRORS_MAX || strcmp(e->role, "principal") != 0
		   ? "set" : "locked";
}

static void put_statement(struct up_json_put *j, const struct up_legal *statement)
{
	up_json_put_object(j, "statement");
	up_json_put_text(j, "version", up_legal_version(statement));
	up_json_put_text(j, "zh", up_legal_text(statement, "zh-CN"));
	up_json_put_text(j, "en", up_legal_text(statement, "en"));
	up_json_put_end(j);
}

/* With its name, if the catalogue still has it: a new phone cannot ask for that. */
static void put_item(struct up_json_put *j, const struct up_request *r, struct up_span code)
{
	const struct up_item *item = up_catalogue_item(r->catalogue, code);

	up_json_put_object(j, NULL);
	up_json_put_text(j, "item", code);
	up_json_put_opt(j, "name", up_span_str(item != NULL ? item->name : ""));
	up_json_put_end(j);
}

/* What she is granted as well, when this is a grant's code. */
static void put_grant(
    struct up_json_put *j, const struct up_request *r, const struct up_enrolment *e)
{
	struct up_span code, rest = up_span_str(e->items != NULL ? e->items : "");

	if (e->grant[0] == '\0')
		return;
	up_json_put_object(j, "grant");
	up_json_put_str(j, "grant", e->grant);
	up_json_put_array(j, "items");
	while (rest.n > 0) {
		up_span_cut(rest, ' ', &code, &rest);
		put_item(j, r, code);
	}
	up_json_put_end(j);
	up_list_put_day(j, "from", e->from_day);
	up_list_put_day(j, "to", e->to_day);
	up_json_put_end(j);
}

static void put_found(struct up_request *r, const struct up_enrolment *e)
{
	struct up_json_put j = { .b = &r->out };

	up_json_put_object(&j, NULL);
	up_json_put_opt(&j, "unit", up_span_str(e->unit_code));
	up_json_put_opt(&j, "unit_name", up_span_str(e->unit_name));
	up_json_put_opt(&j, "role", up_span_str(e->role));
	up_json_put_opt(&j, "person", up_span_str(e->person_masked));
	up_json_put_opt(&j, "certificate", up_span_str(e->certificate));
	up_json_put_int(&j, "certificate_version", e->certificate_version);
	up_json_put_int(&j, "expires", e->expires_ms / 1000);
	up_holder_put_fields(&j, e->fields);
	put_grant(&j, r, e);
	up_json_put_str(&j, "issuer", r->server->config->issuer);
	up_json_put_str(&j, "password_state", password_state(r, e));
	put_statement(&j, r->server->statement);
	up_json_put_end(&j);
	up_reply(r, "application/json");
}

/* What the operation saw, which may be another thing than what was read before it. */
static void opened(struct up_request *r)
{
	const struct enrol *x = r->state;

	if (x->refused != UP_OK || x->look.op.err != UP_OK)
		up_reply_err(r, x->refused != UP_OK ? x->refused : x->look.op.err);
	else
		put_found(r, x->look.out_enrolment);
}

/* Refused codes are counted, for the code if it is one of ours, else for the phone or for all
 * strangers. */
static struct up_span counted_for(const struct up_request *r)
{
	return r->device.id != 0 ? up_span_str(r->device.ref) : UP_SPAN_LIT("strangers");
}

/* Each try costs a commit: strangers get few. */
static enum up_err may_be_wrong(struct up_request *r)
{
	if (r->device.id != 0)
		return up_limits_spend(
		    r->server, UP_LIMIT_BAD_CODE, up_span_str(r->device.ref), r->now_ms);
	return up_limits_share_source(
	    r->server, UP_LIMIT_ENROL, r->ip, UP_LIMIT_ENROL_ALL, r->now_ms);
}

/* Who looked, and with what success, is on record before the answer (rule 8). */
static void submit_look(struct up_request *r, struct enrol *x)
{
	begin_record(r, x, &x->look.op.record, "enrolment.open");
	x->look.op.refused_by = counted_for(r);
	x->look.named = &x->named;
	memcpy(x->look.code_hash, x->code_hash, sizeof(x->look.code_hash));
	up_http_commit(r, &x->look.op, opened);
}

/* What it seems to come to, before it is asked and recorded: tries that fail are few. */
static enum up_err foresee(struct up_request *r, const struct enrol *x)
{
	struct up_enrolment *seen;
	enum up_err err = up_store_enrolment(
	    r->server->store, x->code_hash, &x->named, r->now_ms, &seen);

	up_store_enrolment_free(&seen);
	return err;
}

void up_holder_enrolment(struct up_request *r)
{
	static const char *const members[] = { "code", "person", NULL };
	enum up_err err;
	struct enrol *x = begin(r, members, &err);

	if (err == UP_OK)
		err = foresee(r, x);
	if (err != UP_OK && err != UP_E_CODE && err != UP_E_PERSON) {
		refuse(r, x, err);
		return;
	}
	x->refused = err != UP_OK ? may_be_wrong(r) : UP_OK;
	/* Another person counts against the code even so. */
	if (x->refused != UP_OK && err != UP_E_PERSON)
		up_reply_err(r, x->refused);
	else
		submit_look(r, x);
}

/* --- POST /holder/enrolments/accept --- */

/* The certificate as the phone keeps it: a JWS bound to the device key (RFC 7800 cnf). */
static void put_claims(struct up_json_put *j, const struct up_request *r,
    const struct up_role *role)
{
	const struct up_jwk *key = r->device_key != NULL ? r->device_key : r->proof->key;

	up_json_put_object(j, NULL);
	up_json_put_str(j, "iss", r->server->config->issuer);
	up_json_put_str(j, "sub", role->ref);
	up_json_put_int(j, "iat", r->now_ms / 1000);
	up_json_put_int(j, "nbf", role->valid_from_s);
	up_json_put_int(j, "exp", role->valid_to_s);
	up_json_put_object(j, "cnf");
	up_json_put_str(j, "jkt", up_jwk_thumbprint(key));
	up_json_put_end(j);
	up_holder_put_role(j, "certificate", r, role, (struct up_span){ NULL, 0 });
	up_json_put_end(j);
}

static enum up_err put_certificate(struct up_json_put *j, const struct up_request *r,
    const struct up_role *role)
{
	struct up_buf claims = { 0 };
	struct up_json_put inner = { .b = &claims };
	enum up_err err;

	put_claims(&inner, r, role);
	up_json_put_open(j, "certificate_jws");
	err = up_jwt_sign(r->catalogue->keys->signing[0], "unitpass-certificate+jwt",
	    up_buf_span(&claims), j->b);
	up_json_put_close(j);
	up_buf_free(&claims);
	return err;
}

static void accepted(struct up_request *r)
{
	struct enrol *x = r->state;
	struct up_json_put j = { .b = &r->out };
	enum up_err err = x->write.op.err;

	if (err != UP_OK) {
		const struct up_outcome_of of = {
		    .event = "enrolment.done", .phone = r->device.ref, .phone_ip = r->ip};

		up_holder_password_err(r, &of, x->write.tries_left);
		return;
	}
	up_json_put_object(&j, NULL);
	/* A phone that was known before keeps its token. */
	if (r->device.id == 0)
		up_json_put_text(&j, "device_token", up_span_of(x->device_token, 43));
	up_json_put_str(&j, "device", r->device.id == 0 ? x->device_ref : r->device.ref);
	up_holder_put_role(&j, "certificate", r, x->write.out_role,
	    (struct up_span){ NULL, 0 });
	err = put_certificate(&j, r, x->write.out_role);
	up_put_receipt(&j, &x->write.op);
	up_json_put_end(&j);
	up_metrics_count(UP_METRIC_ENROLLED);
	if (err == UP_OK)
		up_reply(r, "application/json");
	else
		up_reply_err(r, err);
}

static enum up_err read_accept(struct up_request *r, struct up_op_enrol *write)
{
	static const char *const device_members[] = { "name", NULL };
	const json_t *device = json_object_get(r->json, "device"),
	    *unlock = json_object_get(r->json, "unlock");
	struct up_span version, password;
	enum up_err err;

	err = up_json_text(r->json, "statement_version", UP_LEGAL_VERSION_MAX, &version);
	if (err == UP_OK && !up_span_eq(version, up_legal_version(r->server->statement)))
		return UP_E_STATEMENT;
	if (err == UP_OK)
		err = up_json_text(r->json, "password", 43, &password);
	if (err == UP_OK)
		err = json_is_object(device) ? up_json_only(device, device_members) : UP_E_REQUEST;
	if (err == UP_OK)
		err = up_json_text(device, "name", 128, &write->device_name);
	if (err != UP_OK)
		return err;
	write->statement_version = up_legal_version(r->server->statement);
	if (unlock != NULL && (!json_is_boolean(unlock) || r->device.id == 0))
		return UP_E_REQUEST;
	write->unlock = json_is_true(unlock);
	return up_text_b64url_fixed(password, write->password, sizeof(write->password)) == UP_OK
		   ? UP_OK
		   : UP_E_REQUEST;
}

static enum up_err draw_device(struct enrol *x)
{
	uint8_t token[32];
	struct up_span text = up_span_of(x->device_token, 43);

	up_random(token, sizeof(token));
	up_text_b64url(up_span_of(token, 32), x->device_token);
	up_wipe(token, sizeof(token));
	up_random_id(x->device_ref);
	x->write.device_ref = up_span_str(x->device_ref);
	return up_hash_sha256(&text, 1, x->write.device_token_hash);
}

void up_holder_enrolment_accept(struct up_request *r)
{
	static const char *const members[] = { "code", "person", "statement_version", "password",
	    "unlock", "device", NULL };
	enum up_err err;
	struct enrol *x = begin(r, members, &err);

	if (err == UP_OK)
		err = read_accept(r, &x->write);
	if (err == UP_OK && r->device.id == 0)
		err = draw_device(x);
	if (err == UP_OK && r->device.id != 0)
		err = up_jwk_from_public(r->device.key, &r->device_key);
	if (err != UP_OK) {
		refuse(r, x, err);
		return;
	}
	if (up_store_enrolment_known(r->server->store, x->code_hash, r->now_ms) == UP_E_CODE)
		err = may_be_wrong(r);
	if (err != UP_OK) {
		up_reply_err(r, err);
		return;
	}
	begin_record(r, x, &x->write.op.record, "enrolment.done");
	x->write.op.refused_by = counted_for(r);
	x->write.op.proof = r->h.dpop;
	x->write.named = &x->named;
	memcpy(x->write.code_hash, x->code_hash, sizeof(x->write.code_hash));
	x->write.device = r->device.id;
	if (r->device.id == 0)
		up_jwk_public(r->proof->key, x->write.device_key);
	up_http_commit(r, &x->write.op, accepted);
}
