/* SPDX-License-Identifier: Apache-2.0
 * What all calls of a phone share. */
#include "server/login/holder.h"

#include <stdlib.h>
#include <string.h>

#include "core/day.h"
#include "server/log.h"
#include "server/login/record.h"
#include "server/http/metrics.h"
#include "server/store/people.h"

#define RECORDED_EACH 32                 /* refusals of one login that have a record of their own */

/* --- refusals --- */

struct refusal {
	struct up_op_record write;
	enum up_err err;
	const struct up_login_info *info;
	char record_id[23];
};

static void free_refusal(void *p)
{
	struct refusal *x = p;

	up_live_info_unref(&x->info);
	free(x);
}

static void refused(struct up_request *r)
{
	struct refusal *x = r->state;

	up_reply_err(r, x->write.op.err != UP_OK ? x->write.op.err : x->err);
}

struct up_span up_holder_refused_by(struct up_request *r, const struct up_login_info *info)
{
	unsigned calls;

	/* What cannot be counted now is taken for one of many. */
	if (info == NULL ||
	    up_live_call(r->server->live, info->id, r->now_ms, &calls) != UP_OK ||
	    calls > RECORDED_EACH)
		return up_span_str(r->device.ref);
	return (struct up_span){ NULL, 0 };
}

static void fill_refusal(
    struct up_request *r, struct refusal *x, const char *event, const char *why)
{
	struct up_record *rec = &x->write.op.record;

	up_login_record(rec, r->catalogue, x->info, event, x->record_id);
	up_facts_refused(rec, why);
	up_facts_phone(rec, &r->device, r->ip);
	if (r->device.id != 0)
		up_facts_person(rec, &r->device);
}

void up_holder_refuse(struct up_request *r, const struct up_holder_refusal *what)
{
	const struct up_outcome_of of = {.info = what->info,
	    .event = what->event,
	    .phone = r->device.ref,
	    .phone_ip = r->ip,
	    .reason = what->detail != NULL ? what->detail : up_err_name(what->err)};
	struct refusal *x = calloc(1, sizeof(*x));

	if (x == NULL) {
		const struct up_login_info *info = what->info;

		up_live_info_unref(&info);
		up_reply_err(r, UP_E_NOMEM);
		return;
	}
	if (r->free_state != NULL)
		r->free_state(r->state);
	x->err = what->err;
	x->info = what->info;
	r->state = x;
	r->free_state = free_refusal;
	fill_refusal(r, x, what->event, of.reason);
	x->write.op.kind = UP_OP_RECORD;
	x->write.op.refused_by = up_holder_refused_by(r, what->info);
	x->write.device = r->device.id;          /* the store names the unit, where there is one */
	x->write.role = what->role;
	up_metrics_count(UP_METRIC_REFUSED);
	up_outcome_tell(UP_OUTCOME_REFUSED, &of);
	up_http_commit(r, &x->write.op, refused);
}

static void put_tries(struct up_json_put *j, const void *left)
{
	up_json_put_int(j, "tries_left", *(const unsigned *)left);
}

void up_holder_password_err(
    struct up_request *r, const struct up_outcome_of *of, unsigned tries_left)
{
	struct up_outcome_of why = *of;
	enum up_err err = r->op->err;

	why.reason = up_err_name(err);
	if (err != UP_E_STORE)
		up_outcome_tell(
		    err == UP_E_PASSWORD ? UP_OUTCOME_PASSWORD : UP_OUTCOME_REFUSED, &why);
	if (err == UP_E_PASSWORD)
		up_reply_err_with(r, err, put_tries, &tries_left);
	else
		up_reply_err(r, err);
}

/* --- roles --- */

enum up_err up_holder_may(const struct up_request *r, const struct up_role *role,
    enum up_authority_use use, struct up_span item)
{
	struct up_authority_ask ask = { .use = use, .item = item, .now_s = r->now_ms / 1000 };
	struct up_authority_grant *grants = NULL;
	struct up_authority_answer answer;
	enum up_err err = UP_OK;

	if (item.n > 0 && up_authority_needs_grant(use, role->edge.role))
		err = up_store_grants_for(
		    r->server->store, r->device.id, item, &grants, &ask.n_grants);
	ask.grants = grants;
	if (err == UP_OK)
		err = up_authority_may(&ask, &role->edge, &answer);
	free(grants);
	return err;
}

uint32_t up_holder_today(const struct up_request *r)
{
	return up_day_number(r->now_ms / 1000);
}

static void put_date(struct up_json_put *j, const char *name, int64_t s)
{
	char text[16];

	up_day_text(s, text);
	up_json_put_str(j, name, text);
}

void up_holder_put_fields(struct up_json_put *j, const char *fields)
{
	bool any = fields != NULL && fields[0] != '\0';

	up_json_put_raw(j, "fields", any ? up_span_str(fields) : UP_SPAN_LIT("{}"));
}

void up_holder_put_role(struct up_json_put *j, const char *name, const struct up_request *r,
    const struct up_role *role, struct up_span item)
{
	enum up_err err = up_holder_may(r, role, UP_USE_LOGIN, item);
	bool live = up_holder_may(r, role, UP_USE_SCAN, item) == UP_OK;

	up_json_put_object(j, name);
	up_json_put_opt(j, "certificate", up_span_str(role->certificate));
	up_json_put_opt(j, "unit", up_span_str(role->unit_code));
	up_json_put_opt(j, "unit_name", up_span_str(role->unit_name));
	up_json_put_opt(j, "role", up_span_str(role->role));
	up_json_put_opt(j, "person", up_span_str(role->person_masked));
	up_json_put_int(j, "certificate_version", role->certificate_version);
	put_date(j, "valid_from", role->valid_from_s);
	put_date(j, "valid_to", role->valid_to_s);
	up_holder_put_fields(j, role->fields);
	up_json_put_bool(j, "live", live);
	up_json_put_bool(j, "eligible", err == UP_OK);
	if (err != UP_OK)
		up_json_put_str(j, "reason", up_err_name(err));
	up_json_put_end(j);
}
