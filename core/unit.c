/* SPDX-License-Identifier: Apache-2.0 */
#include "core/unit.h"

#include <string.h>

#include "core/day.h"
#include "core/text.h"
#include "core/uscc.h"

static const struct field {
	const char *en, *zh;
	bool required, certified;        /* certified: one of the certificate's fields */
	enum up_normal kind;
	size_t max;                      /* characters */
} fields[UP_UNIT_FIELDS] = {
	[UP_UNIT_CODE] = { "code", "统一社会信用代码", true, false, UP_NORMAL_NUMBER, 18 },
	[UP_UNIT_NAME] = { "name", "名称", true, false, UP_NORMAL_LINE, 100 },
	[UP_UNIT_PURPOSE] = { "purpose", "宗旨和业务范围", false, true, UP_NORMAL_PROSE, 1000 },
	[UP_UNIT_ADDRESS] = { "address", "住所", false, true, UP_NORMAL_PROSE, 200 },
	[UP_UNIT_REPRESENTATIVE] = { "legal_representative", "法定代表人", true, true,
	    UP_NORMAL_LINE, 60 },
	[UP_UNIT_FUNDING] = { "funding", "经费来源", false, true, UP_NORMAL_PROSE, 200 },
	[UP_UNIT_CAPITAL] = { "capital", "开办资金", false, true, UP_NORMAL_PROSE, 60 },
	[UP_UNIT_ORGANISER] = { "organiser", "举办单位", false, true, UP_NORMAL_LINE, 200 },
	[UP_UNIT_AUTHORITY] = { "authority", "登记管理机关", false, false, UP_NORMAL_LINE, 100 },
	[UP_UNIT_CERTIFICATE] = { "certificate", "证书号", true, false, UP_NORMAL_LINE, 40 },
	[UP_UNIT_FROM] = { "valid_from", "有效期自", true, false, UP_NORMAL_NUMBER, 10 },
	[UP_UNIT_TO] = { "valid_to", "有效期至", false, false, UP_NORMAL_NUMBER, 10 },
};

const char *up_unit_field_name(enum up_unit_field field, bool chinese)
{
	return chinese ? fields[field].zh : fields[field].en;
}

enum up_unit_field up_unit_field_of(struct up_span name, bool *chinese)
{
	struct up_normal_fault fault;
	char text[64];

	*chinese = false;
	if (up_normal_take(name, UP_NORMAL_LINE, text, sizeof(text), &fault) != UP_OK)
		return UP_UNIT_FIELDS;
	for (unsigned i = 0; i < UP_UNIT_FIELDS; i++) {
		*chinese = strcmp(text, fields[i].zh) == 0;
		if (*chinese || strcmp(text, fields[i].en) == 0)
			return (enum up_unit_field)i;
	}
	return UP_UNIT_FIELDS;
}

bool up_unit_field_required(enum up_unit_field field)
{
	return fields[field].required;
}

enum up_err up_unit_put_value(struct up_buf *b, enum up_unit_field field, struct up_span value,
    struct up_normal_fault *fault)
{
	return up_normal_put(b, value, fields[field].kind, fault);
}

/* --- the rules --- */

struct check {
	const struct up_unit_given *given;
	up_unit_tell tell;
	void *arg;
	struct up_unit_found *out;
};

static void tell(const struct check *x, enum up_unit_field field, const char *en, const char *zh)
{
	x->tell(x->arg, field, en, zh);
}

static void check_text(const struct check *x, enum up_unit_field field)
{
	struct up_span s = x->given->values[field];

	if (s.n == 0 && fields[field].required && !x->given->faulty[field])
		tell(x, field, "is missing", "不能为空");
	if (up_text_utf8_count(s) > fields[field].max)
		tell(x, field, "is too long", "过长");
}

static void check_code(const struct check *x)
{
	struct up_span code = x->given->values[UP_UNIT_CODE];
	enum up_err err = up_uscc_check_unit(code);

	if (code.n == 0 || err == UP_OK)
		return;
	if (err == UP_E_CHECK)
		tell(x, UP_UNIT_CODE, "check character is wrong: mistyped?",
		    "校验码不符，可能录入有误");
	else if (err == UP_E_RANGE)
		tell(x, UP_UNIT_CODE, "is not a public institution's: those begin with 12",
		    "不是事业单位的代码（应以 12 开头）");
	else
		tell(x, UP_UNIT_CODE, "must be 18 digits and letters (no I O S V Z)",
		    "应为 18 位数字和字母（不含 I O S V Z）");
}

static void check_days(const struct check *x)
{
	struct up_span from = x->given->values[UP_UNIT_FROM], to = x->given->values[UP_UNIT_TO];
	int64_t from_s, to_s, last_s;

	if (from.n == 0)
		return;
	if (up_day_parse(from, &from_s) != UP_OK) {
		tell(x, UP_UNIT_FROM, "must be a real date YYYY-MM-DD",
		    "应为真实日期，格式 YYYY-MM-DD");
		return;
	}
	last_s = up_day_last(from_s, UP_UNIT_YEARS);
	to_s = last_s;
	if (to.n > 0 && up_day_parse(to, &to_s) != UP_OK)
		tell(x, UP_UNIT_TO, "must be a real date YYYY-MM-DD",
		    "应为真实日期，格式 YYYY-MM-DD");
	else if (to_s < from_s)
		tell(x, UP_UNIT_TO, "is before valid_from", "早于有效期起始日");
	else if (to_s > last_s)
		tell(x, UP_UNIT_TO, "is more than 5 years: 2021-11-11 runs to 2026-11-10",
		    "超过 5 年：2021-11-11 起应至 2026-11-10");
	x->out->valid_from_s = from_s;
	x->out->valid_to_s = to_s + UP_DAY_S - 1;
}

/* How many authorities NAMED may mean, by name, or all when it is empty; *FOUND: the last of them,
 * or the one whose code it is. */
static size_t find_authority(const struct up_unit_given *given, struct up_span named,
    const char **found)
{
	struct up_normal_fault fault;
	char code[UP_USCC_LEN + 1];
	size_t n = 0;

	*found = NULL;
	if (up_uscc_parse(named, code, &fault) != UP_OK)
		code[0] = '\0';          /* nobody's code */
	for (size_t i = 0; i < given->n_authorities; i++) {
		const struct up_unit_authority *a = &given->authorities[i];
		bool meant = named.n == 0 || up_span_eq_str(named, a->name);

		n += meant;
		if (meant || strcmp(code, a->code) == 0)
			*found = a->code;
	}
	return n;
}

static void check_authority(const struct check *x)
{
	struct up_span named = x->given->values[UP_UNIT_AUTHORITY];
	const char *found;
	size_t n;

	if (x->given->faulty[UP_UNIT_AUTHORITY])
		return;
	n = find_authority(x->given, named, &found);
	x->out->authority = up_span_str(found);
	if (x->given->n_authorities == 0)
		tell(x, UP_UNIT_AUTHORITY, "there is no authority yet: unitpassctl authority add",
		    "尚无登记管理机关：请先运行 unitpassctl authority add");
	else if (found == NULL)
		tell(x, UP_UNIT_AUTHORITY, "is unknown; see: unitpassctl authority list",
		    "未登记；请查看：unitpassctl authority list");
	else if (n > 1 && named.n == 0)
		tell(x, UP_UNIT_AUTHORITY, "is missing, and there is more than one",
		    "未填写，而登记管理机关不止一个");
	else if (n > 1)
		tell(x, UP_UNIT_AUTHORITY, "fits more than one: give the code",
		    "对应不止一个机关，请填写其代码");
}

void up_unit_check(const struct up_unit_given *given, up_unit_tell tell_one, void *arg,
    struct up_unit_found *out)
{
	const struct check x = { given, tell_one, arg, out };

	memset(out, 0, sizeof(*out));
	for (unsigned i = 0; i < UP_UNIT_FIELDS; i++)
		check_text(&x, (enum up_unit_field)i);
	check_code(&x);
	check_days(&x);
	check_authority(&x);
}

void up_unit_put_fields(struct up_json_put *j, const struct up_unit_given *given)
{
	up_json_put_object(j, NULL);
	for (unsigned i = 0; i < UP_UNIT_FIELDS; i++)
		if (fields[i].certified)
			up_json_put_opt(j, fields[i].en, given->values[i]);
	up_json_put_end(j);
}

/* --- what changes later --- */

bool up_unit_field_changes(enum up_unit_field field)
{
	return field != UP_UNIT_CODE && field != UP_UNIT_AUTHORITY && field < UP_UNIT_FIELDS;
}

struct change {
	const struct up_unit_changed *changed;
	up_unit_tell tell;
	void *arg;
};

/* What was wrong before is nothing that this change has to answer for; the last day follows the
 * first. */
static void tell_changed(void *arg, enum up_unit_field field, const char *en, const char *zh)
{
	const struct change *x = arg;
	const bool *differs = x->changed->differs;

	if (differs[field] || (field == UP_UNIT_TO && differs[UP_UNIT_FROM]))
		x->tell(x->arg, field, en, zh);
}

static void merge(const struct up_unit_given *now, const struct up_unit_change *change,
    struct up_unit_changed *out)
{
	out->after = *now;
	/* another first day without a last one: the whole life */
	if (change->asked[UP_UNIT_FROM] && !change->asked[UP_UNIT_TO] &&
	    !up_span_eq(change->values[UP_UNIT_FROM], now->values[UP_UNIT_FROM]))
		out->after.values[UP_UNIT_TO] = (struct up_span){ NULL, 0 };
	for (unsigned i = 0; i < UP_UNIT_FIELDS; i++) {
		if (!change->asked[i])
			continue;
		out->after.values[i] = change->values[i];
		out->differs[i] = !up_span_eq(change->values[i], now->values[i]);
		out->n += out->differs[i];
	}
}

void up_unit_judge_change(const struct up_unit_given *now, const struct up_unit_change *change,
    up_unit_tell tell_one, void *arg, struct up_unit_changed *out)
{
	struct change x = { out, tell_one, arg };

	memset(out, 0, sizeof(*out));
	merge(now, change, out);
	out->suspends = out->differs[UP_UNIT_REPRESENTATIVE];
	for (unsigned i = 0; i < UP_UNIT_FIELDS; i++)
		if (out->differs[i] && !up_unit_field_changes((enum up_unit_field)i))
			tell_one(arg, (enum up_unit_field)i, "never changes", "不能变更");
	if (out->differs[UP_UNIT_FROM] && !out->differs[UP_UNIT_CERTIFICATE])
		tell_one(arg, UP_UNIT_FROM, "changes only with another certificate number",
		    "须连同新的证书号一起变更");
	if (out->differs[UP_UNIT_TO] && !out->differs[UP_UNIT_CERTIFICATE])
		tell_one(arg, UP_UNIT_TO,
		    "changes only with another certificate number, or by a renewal",
		    "须连同新的证书号一起变更，或办理延续");
	up_unit_check(&out->after, tell_changed, &x, &out->found);
}

enum up_err up_unit_renew(int64_t valid_to_s, int64_t now_s, int64_t *from_s, int64_t *to_s)
{
	int64_t last_s, first_s;

	*from_s = *to_s = 0;
	if (up_day_start(up_day_number(valid_to_s), &last_s) != UP_OK ||
	    up_day_start(up_day_number(now_s), &first_s) != UP_OK)
		return UP_E_RANGE;
	if (now_s > valid_to_s)
		return UP_E_EXPIRED;
	if (first_s < last_s - (UP_UNIT_RENEW_DAYS - 1) * UP_DAY_S)
		return UP_E_RANGE;
	*from_s = first_s;
	*to_s = up_day_last(first_s, UP_UNIT_YEARS) + UP_DAY_S - 1;
	return UP_OK;
}
