/* SPDX-License-Identifier: Apache-2.0
 * The operations of an administrator, in the fewest words. */
#include "test_store_fixture.h"

atomic_bool fixture_tried[UP_OPS];

static enum up_err run(struct up_store *s, enum up_op_kind kind, struct up_op *op, int64_t now_ms)
{
	op->kind = kind;
	op->now_ms = now_ms;
	fixture_tried[kind] = true;
	return up_store_run(s, op);
}

enum up_err fixture_authority_put(
    struct up_store *s, struct up_span code, struct up_span name, int64_t now_ms)
{
	struct up_op_authority put = { .code = code, .name = name };

	return run(s, UP_OP_AUTHORITY, &put.op, now_ms);
}

enum up_err fixture_units_put(struct up_store *s, const struct up_unit_row *rows, size_t n,
    int64_t now_ms, size_t *added, size_t *bad)
{
	struct up_op_units put = { .rows = rows, .n = n };
	enum up_err err = run(s, UP_OP_UNITS, &put.op, now_ms);

	*added = put.added;
	*bad = put.bad;
	return err;
}

enum up_err fixture_client_put(
    struct up_store *s, const struct up_client *client, int64_t now_ms)
{
	struct up_op_client put = { .client = client };

	return run(s, UP_OP_CLIENT_ADD, &put.op, now_ms);
}

enum up_err fixture_client_rotate(
    struct up_store *s, const struct up_client *client, int64_t now_ms)
{
	struct up_op_client put = { .client = client };

	return run(s, UP_OP_CLIENT_ROTATE, &put.op, now_ms);
}

enum up_err fixture_client_set(
    struct up_store *s, struct up_span id, const char *status, int64_t now_ms)
{
	struct up_op_client_set set = { .id = id, .status = status };

	return run(s, UP_OP_CLIENT_SET, &set.op, now_ms);
}

enum up_err fixture_item_put(struct up_store *s, struct up_span code, struct up_span name,
    struct up_span client, int64_t now_ms)
{
	struct up_op_item put = { .code = code, .name = name, .client = client };

	return run(s, UP_OP_ITEM, &put.op, now_ms);
}

enum up_err fixture_item_end(struct up_store *s, struct up_span code, int64_t now_ms)
{
	struct up_op_item_end end = { .code = code };

	return run(s, UP_OP_ITEM_END, &end.op, now_ms);
}

enum up_err fixture_unit_change(struct up_store *s, const char *unit, enum up_unit_field field,
    const char *value, struct up_op_unit_change *out)
{
	struct up_unit_change ask = { .asked = { [0] = false } };
	struct up_op_unit_change change = { .code = up_span_str(unit), .change = &ask };
	enum up_err err;

	ask.asked[field] = true;
	ask.values[field] = up_span_str(value);
	err = run(s, UP_OP_UNIT_CHANGE, &change.op, NOW);
	CU_ASSERT((err == UP_E_FORMAT) == (change.bad_en != NULL));
	if (out != NULL)
		*out = change;
	return err;
}

enum up_err fixture_unit_renew(
    struct up_store *s, const char *unit, int64_t now_ms, struct up_op_unit_renew *out)
{
	struct up_op_unit_renew renew = { .code = up_span_str(unit) };
	enum up_err err = run(s, UP_OP_UNIT_RENEW, &renew.op, now_ms);

	if (out != NULL)
		*out = renew;
	return err;
}

enum up_err fixture_unit_cancel(
    struct up_store *s, const char *unit, int64_t now_ms, size_t *roles)
{
	struct up_op_unit_cancel cancel = { .code = up_span_str(unit) };
	enum up_err err = run(s, UP_OP_UNIT_CANCEL, &cancel.op, now_ms);

	if (roles != NULL)
		*roles = cancel.out_roles;
	return err;
}

enum up_err fixture_holder_end(
    struct up_store *s, const char *ref, int64_t now_ms, size_t *roles)
{
	struct up_op_holder_end end = { .ref = up_span_str(ref) };
	enum up_err err = run(s, UP_OP_HOLDER_END, &end.op, now_ms);

	if (roles != NULL)
		*roles = end.out_roles;
	return err;
}

enum up_err fixture_device_end(struct up_store *s, struct up_span ref, int64_t now_ms)
{
	struct up_op_device_end end = { .ref = ref };

	return run(s, UP_OP_DEVICE_END, &end.op, now_ms);
}

enum up_err fixture_clock_accept(struct up_store *s, int64_t now_ms, int64_t *newest_ms)
{
	struct up_op_clock accept = { .newest_ms = 0 };
	enum up_err err = run(s, UP_OP_CLOCK, &accept.op, now_ms);

	*newest_ms = accept.newest_ms;
	return err;
}

enum up_err fixture_data_key(struct up_store *s, const char *key, int64_t now_ms)
{
	struct up_op_data_key done = { .key = up_span_str(key) };

	return run(s, UP_OP_DATA_KEY, &done.op, now_ms);
}

enum up_err fixture_code_put(struct up_store *s, const struct up_op_code *code, int64_t now_ms)
{
	struct up_op_code put = *code;

	return run(s, UP_OP_CODE, &put.op, now_ms);
}

enum up_err fixture_open_code(struct up_store *s, const char *code, const struct up_named *who)
{
	struct up_op_open open = { .named = who };
	enum up_err err;

	fixture_code(code, open.code_hash);
	err = run(s, UP_OP_OPEN, &open.op, NOW);
	CU_ASSERT((err == UP_OK) == (open.out_enrolment != NULL));
	up_op_clear(&open.op);
	return err;
}
