/* SPDX-License-Identifier: Apache-2.0 */
#include "server/store/change.h"

#include "server/store/usage.h"

enum up_err up_change_record(struct up_tx *tx, struct up_record *r, int64_t now_ms)
{
	char id[UP_STORE_REF + 1];
	uint8_t leaf[32];
	enum up_err err = up_change_clock(tx, now_ms);

	if (err != UP_OK)
		return err;
	if (up_tx_draw(id) != UP_OK)
		return UP_E_CRYPTO;
	r->id = up_span_str(id);
	r->time_ms = now_ms;
	r->result = UP_SPAN_LIT("ok");
	r->channel = UP_SPAN_LIT("command-line");
	r->operator_ = up_span_str(tx->administrator);
	return up_usage_add(tx, r, leaf);
}

void up_change_word(struct up_buf *b, const char *name, struct up_span value)
{
	struct up_json_put j = { .b = b };

	up_json_put_object(&j, NULL);
	up_json_put_text(&j, name, value);
	up_json_put_end(&j);
}
