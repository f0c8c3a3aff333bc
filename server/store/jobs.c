/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/jobs.h"

#include <string.h>

#include "core/password.h"
#include "core/text.h"
#include "server/store/usage.h"

#define DAY_MS 86400000

void up_jobs_fill(struct up_span *field, const char *text)
{
	if (field->n == 0)
		*field = up_span_str(text);
}

void up_jobs_fill_code(struct up_record *r, const uint8_t code_hash[32], char hex[32])
{
	up_text_hex(up_span_of(code_hash, 16), hex);
	if (r->code_hash.n == 0)
		r->code_hash = up_span_of(hex, 32);
}

void up_jobs_fill_device(struct up_jobs_act *a, const struct up_device *d)
{
	up_jobs_fill(&a->record.device, d->ref);
	up_jobs_fill(&a->record.person_ref, d->person_ref);
	up_jobs_fill(&a->record.person_name, d->person_masked);
}

void up_jobs_fill_role(struct up_jobs_act *a)
{
	const struct up_role *r = a->found.role;

	up_jobs_fill(&a->record.unit_code, r->unit_code);
	up_jobs_fill(&a->record.unit_name, r->unit_name);
	up_jobs_fill(&a->record.certificate, r->certificate);
	up_jobs_fill(&a->record.holder_ref, r->ref);
	up_jobs_fill(&a->record.person_ref, r->person_ref);
	up_jobs_fill(&a->record.person_name, r->person_masked);
	up_jobs_fill(&a->record.role, r->role);
	up_jobs_fill(&a->record.assurance, r->assurance);
	if (a->record.certificate_version == 0)
		a->record.certificate_version = r->certificate_version;
}

/* --- steps ------------------------------------------------------------------------------------------------------------------- */

static void judge(struct up_jobs_act *a, bool good, enum up_err otherwise)
{
	if (a->merit == UP_OK && !good)
		a->merit = otherwise;
}

/* By number, or by certificate; named by neither, the only one that the phone holds. */
static enum up_err find_role(struct up_jobs_act *a)
{
	const struct up_job *job = a->job;
	const struct up_db_arg by_number[] = {up_db_int(job->role), up_db_int(job->device)};
	const struct up_db_arg by_certificate[] = {
	    up_db_int(job->device), up_db_text(job->certificate)};

	if (job->role != 0)
		return up_rows_role(a->tx->db, UP_SQL_ROLE, by_number, 2, &a->found);
	if (job->certificate.n != 0)
		return up_rows_role(a->tx->db, UP_SQL_ROLE_BY_CERTIFICATE, by_certificate, 2,
		    &a->found);
	return up_rows_role(a->tx->db, UP_SQL_ROLE_ONLY, by_certificate, 1, &a->found);
}

/* The role with its phone; the phone alone when it holds no such role. */
static enum up_err step_role(struct up_jobs_act *a)
{
	const struct up_job *job = a->job;
	bool known = true;
	enum up_err e = find_role(a);

	if (e == UP_OK && a->found.role != NULL) {
		a->device = a->found.phone;
		a->device.device.id = job->device;
		up_jobs_fill_role(a);
	} else if (e == UP_OK) {
		e = up_rows_device(
		    a->tx->db, UP_SQL_DEVICE, up_db_int(job->device), &a->device, &known);
	}
	if (e != UP_OK)
		return e;
	if (known)
		up_jobs_fill_device(a, &a->device.device);
	judge(a, known, UP_E_TOKEN);
	judge(a, a->device.live, UP_E_ENDED);
	judge(a, a->found.role != NULL, UP_E_ROLE);
	return UP_OK;
}

/* May the role that was found do it now? Grants to users are not kept yet, so there is none. */
static void step_may(struct up_jobs_act *a, enum up_authority_use use)
{
	const struct up_authority_ask ask = {
		.use = use, .item = a->job->item, .now_s = a->job->now_ms / 1000 };
	struct up_authority_answer answer;

	if (a->merit == UP_OK)
		a->merit = up_authority_may(&ask, &a->found.role->edge, &answer);
}

static enum up_err step_client(struct up_jobs_act *a)
{
	const struct up_db_arg arg = up_db_text(a->record.client);
	struct up_db_rows *rows;
	bool row;
	enum up_err e;

	if (a->merit != UP_OK)
		return UP_OK;
	e = up_db_first(a->tx->db, UP_SQL_CLIENT, &arg, 1, &rows, &row);
	if (e == UP_OK && row)
		a->client = up_db_column_int(rows, 0);
	judge(a, row && up_db_column_int(rows, 1) != 0, UP_E_CLIENT);
	up_db_end(&rows);
	return e;
}

enum up_err up_jobs_password(struct up_jobs_act *a)
{
	const struct up_device *d = &a->device.device;
	uint8_t verifier[32];
	unsigned next;
	enum up_err e;

	if (a->merit != UP_OK)
		return UP_OK;
	e = up_password_verifier(up_span_of(a->tx->password_key, 32), up_span_str(d->ref),
	    up_span_of(a->job->password, 32), verifier);
	if (e != UP_OK)
		return UP_E_STORE;
	a->merit = up_password_step(d->errors, up_span_eq_ct(up_span_of(verifier, 32), up_span_of(a->device.verifier, 32)), &next);
	up_wipe(verifier, sizeof(verifier));
	if (a->merit == UP_E_PASSWORD)
		a->job->tries_left = UP_PASSWORD_ERRORS_MAX - next;
	if (next == d->errors)
		return UP_OK;

	const struct up_db_arg args[] = {up_db_int(d->id), up_db_int(next), up_db_int(d->errors)};

	return up_db_run_one(a->tx->db, UP_SQL_DEVICE_ERRORS, args, UP_ARRAY_LEN(args));
}

/* Role before password: a phone whose role is dead gives nobody a try, right or wrong. */
static enum up_err decide(struct up_jobs_act *a)
{
	enum up_err e = step_role(a);

	if (e != UP_OK || !a->job->with_password) {
		a->merit = UP_OK;        /* declining wants nothing (UP_USE_DECLINE) */
		return e;
	}
	step_may(a, UP_USE_LOGIN);
	e = a->record.client.n > 0 ? step_client(a) : UP_OK;
	return e == UP_OK ? up_jobs_password(a) : e;
}

static enum up_err add_browser(struct up_jobs_act *a)
{
	const struct up_db_arg args[] = {
	    up_db_int(a->client),
	    up_db_text(a->record.browser),
	    up_db_int(a->found.unit),
	    up_db_int(a->job->now_ms),
	};

	return a->record.browser.n > 0
		   ? up_db_run(a->tx->db, UP_SQL_BROWSER_ADD, args, UP_ARRAY_LEN(args), NULL)
		   : UP_OK;
}

static enum up_err redeem(struct up_jobs_act *a)
{
	int64_t added = 0;
	enum up_err e = step_role(a);

	if (e != UP_OK)
		return e;
	step_may(a, UP_USE_LOGIN);
	e = step_client(a);
	judge(a, strlen(a->job->session) == UP_STORE_REF, UP_E_STATE);
	if (e != UP_OK || a->merit != UP_OK)
		return e;

	const struct up_db_arg args[] = {
	    up_db_text(up_span_str(a->job->session)),
	    up_db_int(a->client),
	    up_db_int(a->job->role),
	    up_db_int(a->job->device),
	    up_db_int(a->job->now_ms),
	    up_db_text(a->record.items.n > 0 ? a->record.items : a->job->item),
	};

	e = up_db_run(a->tx->db, UP_SQL_SESSION_ADD, args, UP_ARRAY_LEN(args), &added);
	judge(a, added == 1, UP_E_STATE);
	up_jobs_fill(&a->record.session, a->job->session);
	return e == UP_OK && a->merit == UP_OK ? add_browser(a) : e;
}

/* --- one job ------------------------------------------------------------------------------------------------------------------ */

static void forget(struct up_job *job)
{
	up_store_role_free(&job->out_role);
	job->tries_left = 0;
	job->out_device = job->out_seq = 0;
	memset(job->out_leaf, 0, sizeof(job->out_leaf));
}

void up_jobs_fail(struct up_job *job)
{
	forget(job);
	job->err = UP_E_STORE;
}

/* Who it was, where the caller knows them by number only (a login that expired or was replayed);
 * the record is made whatever became of them. */
static enum up_err note(struct up_jobs_act *a)
{
	enum up_err e = UP_OK;

	if (a->job->device != 0)
		e = step_role(a);
	a->merit = UP_OK;
	return e;
}

static enum up_err record(struct up_jobs_act *a)
{
	enum up_err e = note(a);

	return e == UP_OK && a->job->named != NULL ? up_enrol_source(a) : e;
}

/* Whose session it was stands in the record: unit, person and phone. */
static enum up_err replay(struct up_jobs_act *a)
{
	const struct up_db_arg args[] = {
	    up_db_text(up_span_str(a->job->session)), up_db_int(a->job->now_ms)};
	enum up_err e = note(a);

	up_jobs_fill(&a->record.session, a->job->session);
	if (e != UP_OK)
		return e;
	return up_db_run(a->tx->db, UP_SQL_SESSION_REVOKE, args, UP_ARRAY_LEN(args), NULL);
}

static enum up_err act(struct up_jobs_act *a)
{
	switch (a->job->kind) {
	case UP_JOB_RECORD:
		return record(a);
	case UP_JOB_DECIDE:
		return decide(a);
	case UP_JOB_REDEEM:
		return redeem(a);
	case UP_JOB_REPLAY:
		return replay(a);
	case UP_JOB_ENROL:
		return up_enrol_job(a);
	}
	return UP_E_STORE;
}

static void set_result(struct up_jobs_act *a)
{
	struct up_record *r = &a->record;

	if (r->time_ms == 0)
		r->time_ms = a->job->now_ms;
	if (a->merit != UP_OK) {
		r->result = UP_SPAN_LIT("refused");
		r->reason = up_span_str(up_err_name(a->merit));
	}
	up_jobs_fill(&r->result, "ok");
}

/* *KEEP: it gets a record. Counting costs a commit as a record does: the answer does not tell which
 * it was (SECURITY 12). */
static enum up_err count_refusal(struct up_jobs_act *a, bool *keep)
{
	const struct up_db_arg args[] = {
	    up_db_text(a->source),
	    up_db_text(a->record.event),
	    up_db_text(a->record.reason),
	    up_db_int(a->record.time_ms / DAY_MS),
	};
	struct up_db_rows *rows;
	enum up_err e;
	int64_t n = 0;

	*keep = true;
	if (a->source.n == 0 || !up_span_eq_str(a->record.result, "refused"))
		return UP_OK;
	e = up_db_first(a->tx->db, UP_SQL_REFUSAL_COUNT, args, UP_ARRAY_LEN(args), &rows, keep);
	if (e == UP_OK && *keep)
		n = up_db_column_int(rows, 0);
	up_db_end(&rows);
	a->record.count = n;
	*keep = (n & (n - 1)) == 0;
	return e;
}

static enum up_err add_record(struct up_jobs_act *a)
{
	struct up_record *r = &a->record;
	char id[UP_STORE_REF + 1];
	bool keep;
	enum up_err e;

	set_result(a);
	e = count_refusal(a, &keep);
	if (e != UP_OK || !keep)
		return e;
	if (r->id.n == 0) {
		if (up_tx_draw(id) != UP_OK)
			return UP_E_STORE;
		r->id = up_span_str(id);
	}
	e = up_usage_add(a->tx, r, a->job->out_leaf);
	a->job->out_seq = r->seq;
	return e;
}

enum up_err up_jobs_apply(struct up_tx *tx, struct up_job *job)
{
	struct up_jobs_act a = {
	    .tx = tx, .job = job, .record = job->record, .source = job->refused_by};
	bool with_role = job->kind == UP_JOB_ENROL || job->kind == UP_JOB_REDEEM || (job->kind == UP_JOB_DECIDE && job->with_password);
	enum up_err e;

	forget(job);
	e = act(&a);
	if (e == UP_OK)
		e = add_record(&a);
	job->err = a.merit;
	if (e == UP_OK && a.merit == UP_OK && with_role) {
		job->out_role = a.found.role;
		a.found.role = NULL;
	}
	up_store_role_free(&a.found.role);
	up_store_enrolment_free(&a.enrolment);
	up_wipe(&a.device, sizeof(a.device));
	up_wipe(&a.found, sizeof(a.found));
	return e == UP_OK ? UP_OK : UP_E_STORE;
}
