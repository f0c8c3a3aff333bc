/* SPDX-License-Identifier: Apache-2.0
 * A session for the tests of module/rp: somebody who signed in just now. */
#ifndef UP_TEST_RP_SAMPLE_H
#define UP_TEST_RP_SAMPLE_H

#include "test_rp_fake.h"

#define NOW INT64_C(1700000000)

static inline struct up_rp_session sample(void)
{
	return (struct up_rp_session) {
		.unit_code = UP_SPAN_LIT(FAKE_UNIT),
		.unit_name = UP_SPAN_LIT("湖南省某某研究院"),
		.certificate = UP_SPAN_LIT("143000001234"),
		.role = UP_SPAN_LIT("user"),
		.holder_ref = UP_SPAN_LIT("0123456789abcdefABCDEF"),
		.holder_name = UP_SPAN_LIT("张三"),
		.items = UP_SPAN_LIT("annual-report change"),
		.sid = UP_SPAN_LIT("ABCDEFGHIJKLMNOPQRSTUV"),
		.sub = UP_SPAN_LIT("u-1"),
		.certificate_version = 3,
		.auth_time_s = NOW - 5,
		.created_s = NOW,
		.seen_s = NOW,
	};
}

#endif
