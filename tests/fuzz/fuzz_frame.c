/* SPDX-License-Identifier: Apache-2.0
 * What a phone says it scanned. */
#include "core/frame.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t key[UP_FRAME_KEY];
	struct up_buf again = { 0 };
	struct up_frame f;
	enum up_err err;

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)i;
	if (up_frame_parse(up_span_of(data, size), &f) != UP_OK)
		return 0;
	err = up_frame_check(&f, key, f.t);
	FUZZ_HOLDS(!f.is_static || err == UP_E_SIGNATURE);
	/* a frame that holds is, byte for byte, the one we would have drawn */
	if (err == UP_OK)
		FUZZ_HOLDS(up_frame_put(key, f.handle, f.t, &again) == UP_OK &&
		    up_span_eq(up_buf_span(&again), up_span_of(data, size)));
	up_buf_free(&again);
	return 0;
}
