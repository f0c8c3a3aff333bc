/* SPDX-License-Identifier: Apache-2.0
 * A portal whose provider nobody serves, and somebody who is signed in there. Included by one
 * program each. */
#ifndef UP_TEST_RP_PORTAL_H
#define UP_TEST_RP_PORTAL_H

#include "unit.h"

#include "test_rp_fake.h"

#define NOW INT64_C(1700000000)

static struct up_rp *rp;

/* An issuer that nobody serves: what should not ask it must not fail for it. */
static inline void open_portal(void)
{
	rp = fake_rp("http://127.0.0.1:1", FAKE_CLIENT, fake_key_a);
	CU_ASSERT_EQUAL_FATAL(up_rp_init(fake_log, NULL), UP_OK);
}

static inline void close_portal(void)
{
	up_rp_free(&rp);
	up_rp_shutdown();
}

static inline const char *text_of(struct up_rp_response *r)
{
	return r->body.n > 0 ? up_buf_cstr(&r->body) : "";
}

static const struct up_rp_session someone = { .unit_code = { (const uint8_t *)FAKE_UNIT, 18 },
	.unit_name = { (const uint8_t *)"Unit <One>", 10 },
	.role = { (const uint8_t *)"user", 4 }, .holder_name = { (const uint8_t *)"Wang", 4 },
	.created_s = NOW, .seen_s = NOW };

#endif
