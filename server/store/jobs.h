/* SPDX-License-Identifier: Apache-2.0
 * Private to server/store: what one job does inside the transaction. */
#ifndef UP_JOBS_H
#define UP_JOBS_H

#include "server/store/rows.h"

/* A job on its way. Steps set MERIT, the answer on the merits, once; a step that returns something else than UP_OK has failed and the
 * transaction must be given up. */
struct up_jobs_act {
	struct up_tx *tx;
	struct up_job *job;
	struct up_record record;         /* a copy: the job may have to run again */
	struct up_rows_device device;
	struct up_rows_role found;
	int64_t client;
	enum up_err merit;
	struct up_span source;           /* whose refusal this is, if it is counted */
	/* what the record of an enrolment borrows */
	struct up_enrolment *enrolment;
	char code_hex[32];
};

/* Clears the results of JOB and runs it; its err is the answer. UP_E_STORE: give the transaction up. */
UP_MUST_USE enum up_err up_jobs_apply(struct up_tx *, struct up_job *);
/* Free what JOB was given and make it fail with UP_E_STORE. */
void up_jobs_fail(struct up_job *);

/* Count the try (rule 27): sets the merit and the tries left. DEVICE is loaded. */
UP_MUST_USE enum up_err up_jobs_password(struct up_jobs_act *);
void up_jobs_fill(struct up_span *field, const char *text);      /* when empty */
/* Hex of the first 16 bytes, in HEX. */
void up_jobs_fill_code(struct up_record *, const uint8_t code_hash[32], char hex[32]);
void up_jobs_fill_device(struct up_jobs_act *, const struct up_device *);
void up_jobs_fill_role(struct up_jobs_act *);
/* enrol.c: a code that was ours is the source of its own refusals, whoever shows it. */
UP_MUST_USE enum up_err up_enrol_source(struct up_jobs_act *);
/* enrol.c: everything of UP_JOB_ENROL but the record. */
UP_MUST_USE enum up_err up_enrol_job(struct up_jobs_act *);

#endif
