/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/check.h"

#include "server/http/steps.h"

static void checked(struct up_check *check)
{
	struct up_request *r = check->arg;

	MHD_resume_connection(r->conn);
}

void up_http_check(
    struct up_request *r, struct up_check *check, void (*then)(struct up_request *))
{
	check->answer = (struct up_realname_answer){
		.outcome = UP_REALNAME_UNAVAILABLE, .assurance = "formats" };
	if (r->conn == NULL) {           /* nobody could be suspended, and nobody waits */
		then(r);
		return;
	}
	r->then = then;
	r->phase = UP_REQ_WAITING;
	check->done = checked;
	check->arg = r;
	/* Suspended first: it may be done before submit returns. */
	if (!up_steps_hand_on())
		MHD_suspend_connection(r->conn);
	if (!up_checks_submit(r->server->checks, check))
		MHD_resume_connection(r->conn);
}
