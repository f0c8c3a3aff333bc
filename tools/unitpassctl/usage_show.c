/* SPDX-License-Identifier: Apache-2.0
 * unitpassctl usage show: one record whole, by its number, its id, or the receipt that names it. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/text.h"
#include "core/day.h"
#include "tools/common/file.h"
#include "tools/common/terminal.h"
#include "tools/unitpassctl/usage.h"

#define RECEIPT_MAX 65536

/* What the argument names. A receipt also says what the record's hash must be. */
struct wanted {
	uint64_t seq;
	json_t *receipt;                 /* owned */
	const char *id, *hash;
};

/* --- what is asked --- */

/* The receipt itself, or the answer that holds it. */
static bool read_receipt(const struct up_ctl *ctl, struct up_span text, struct wanted *w)
{
	const json_t *receipt;

	if (up_json_parse(up_span_trim(text), &w->receipt) == UP_OK) {
		receipt = json_object_get(w->receipt, "usage_receipt");
		receipt = receipt != NULL ? receipt : w->receipt;
		w->id = json_string_value(json_object_get(receipt, "record"));
		w->hash = json_string_value(json_object_get(receipt, "leaf_hash"));
	}
	if (up_command_id(w->id) && w->hash != NULL)
		return true;
	up_ctl_fail(ctl, "receipt", "%s",
	    up_say("this is no receipt: want {\"record\": …, \"leaf_hash\": …}, or the answer that "
		   "holds it as usage_receipt",
		"不是回执：应为 {\"record\": …, \"leaf_hash\": …}，或包含 usage_receipt 的应答"));
	return false;
}

static bool read_wanted(const struct up_ctl *ctl, const char *argument, struct wanted *w)
{
	struct up_buf text = { 0 };
	char why[256];
	bool good;

	if (up_span_u64(up_span_str(argument), INT64_MAX, &w->seq) == UP_OK && w->seq > 0)
		return true;
	if (up_command_id(argument)) {
		w->id = argument;
		return true;
	}
	if (strcmp(argument, "-") == 0) {
		good = up_file_read("-", RECEIPT_MAX, false, &text, why) == UP_OK;
		if (!good)
			up_ctl_fail(ctl, "io", "%s", why);
		good = good && read_receipt(ctl, up_buf_span(&text), w);
		up_buf_free(&text);
		return good;
	}
	if (argument[0] == '{')
		return read_receipt(ctl, up_span_str(argument), w);
	up_command_wrong("%s", up_say("RECORD: the number in the first column of usage list, a "
				      "record's id (22 characters), "
				      "or the receipt (JSON; - reads it from standard input)",
				   "RECORD：usage list 第一列的序号、记录编号（22 "
				   "个字符），或回执（JSON，- 表示从标准输入读取）"));
}

/* --- the record --- */

struct taking { uint64_t wanted /* 0: whichever comes */; struct up_usage_one *one; };

static int take_one(void *arg, int64_t seq, struct up_span canonical)
{
	struct taking *t = arg;
	struct up_usage_one *x = t->one;
	uint8_t leaf[32];

	if (t->wanted != 0 && (uint64_t)seq != t->wanted)
		return 1;
	x->seq = seq;
	up_buf_put_span(&x->canonical, canonical);
	x->record = json_loadb((const char *)canonical.p, canonical.n, 0, NULL);
	x->failed = x->record == NULL || x->canonical.failed ||
	    up_record_leaf(canonical, leaf) != UP_OK;
	if (!x->failed)
		up_text_b64url(up_span_of(leaf, sizeof(leaf)), x->hash);
	return 1;
}

static void print(const struct up_usage_one *x, const char *time)
{
	const char *name;
	json_t *value;

	json_object_foreach(x->record, name, value) {
		char *text = json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY);

		up_terminal_line(
		    stdout, name, up_span_str(text != NULL ? text : json_string_value(value)));
		if (strcmp(name, "time_ms") == 0)
			up_terminal_line(stdout, "time", up_span_str(time));
		free(text);
	}
	up_terminal_line(stdout, "leaf_hash", up_span_str(x->hash));
}

/* Beside the record's own members: the time as people read it, and the hash that receipts carry. */
static int report(const struct up_ctl *ctl, const struct up_usage_one *x)
{
	char time[40];

	up_day_time_text(json_integer_value(json_object_get(x->record, "time_ms")), time);
	if (!ctl->json) {
		strcat(time, " +08:00");
		print(x, time);
		return 0;
	}
	time[10] = 'T';
	strcat(time, "+08:00");
	json_object_set_new(x->record, "time", json_string(time));
	json_object_set_new(x->record, "leaf_hash", json_string(x->hash));
	return up_ctl_print(ctl, json_incref(x->record));
}

static int find(
    struct up_ctl *ctl, const char *argument, const struct wanted *w, struct up_usage_one *x)
{
	struct up_usage_filter f = {.limit = 1,
	    .oldest_first = w->seq != 0,
	    .after_seq = w->seq != 0 ? (int64_t)w->seq - 1 : 0,
	    .id = up_span_str(w->id)};
	struct taking t = { w->seq, x };
	enum up_err err = up_store_usage(ctl->store, &f, take_one, &t);

	if (err != UP_OK || x->failed)
		return up_ctl_fail_err(ctl, err != UP_OK ? err : UP_E_NOMEM, "usage");
	if (x->record == NULL)
		return up_ctl_fail(ctl, "not_found",
		    up_say("there is no record %s; see: unitpassctl usage list",
			"没有记录 %s，请查看：unitpassctl usage list"),
		    w->id != NULL ? w->id : argument);
	if (w->hash != NULL && strcmp(w->hash, x->hash) != 0)
		return up_ctl_fail(ctl, "hash",
		    up_say("the record has the hash %s, the receipt says %.60s: one of them was "
			   "changed",
			"记录的哈希值是 %s，回执上是 %.60s：其中之一被改动过"),
		    x->hash, w->hash);
	return 0;
}

int up_usage_find(struct up_ctl *ctl, const char *argument, struct up_usage_one *out)
{
	struct wanted w = { 0 };
	int status = 1;

	*out = (struct up_usage_one){ 0 };
	if (read_wanted(ctl, argument, &w) && up_ctl_open(ctl))
		status = find(ctl, argument, &w, out);
	json_decref(w.receipt);
	return status;
}

void up_usage_one_free(struct up_usage_one *x)
{
	json_decref(x->record);
	up_buf_free(&x->canonical);
}

int up_usage_show(struct up_command_line *l)
{
	struct up_usage_one x;
	int status = up_usage_find(l->program, l->argument, &x);

	if (status == 0)
		status = report(l->program, &x);
	up_usage_one_free(&x);
	return status;
}
