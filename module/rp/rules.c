/* SPDX-License-Identifier: Apache-2.0 */
#include "core/authority.h"
#include "core/uscc.h"
#include "module/rp/rp.h"

const char *const up_rp_value_header[UP_RP_VALUES] = {
	"X-Unitpass-Unit-Code", "X-Unitpass-Unit-Name", "X-Unitpass-Certificate", "X-Unitpass-Role",
	"X-Unitpass-Holder-Ref",
	"X-Unitpass-Holder-Name", "X-Unitpass-Items", "X-Unitpass-Auth-Time", "X-Unitpass-Session",
};

const char *const up_rp_value_variable[UP_RP_VALUES] = {
	"unitpass_unit_code", "unitpass_unit_name", "unitpass_certificate", "unitpass_role",
	"unitpass_holder_ref",
	"unitpass_holder_name", "unitpass_items", "unitpass_auth_time", "unitpass_session",
};

static const size_t offsets[UP_RP_VALUES] = {
	offsetof(struct up_rp_session, unit_code), offsetof(struct up_rp_session, unit_name),
	offsetof(struct up_rp_session, certificate), offsetof(struct up_rp_session, role),
	offsetof(struct up_rp_session, holder_ref), offsetof(struct up_rp_session, holder_name),
	offsetof(struct up_rp_session, items), offsetof(struct up_rp_session, auth_time_s),
	offsetof(struct up_rp_session, sid),
};

/* NULL: value I is no text. */
static const struct up_span *text_of(const struct up_rp_session *s, size_t i)
{
	if (i >= UP_RP_VALUES || offsets[i] == offsetof(struct up_rp_session, auth_time_s))
		return NULL;
	return (const struct up_span *)((const char *)s + offsets[i]);
}

void up_rp_value(const struct up_rp_session *s, size_t i, bool percent, struct up_buf *out)
{
	const struct up_span *text = text_of(s, i);

	if (text == NULL && i < UP_RP_VALUES)
		up_buf_put_i64(out, s->auth_time_s);
	else if (text != NULL && percent)
		up_buf_put_percent(out, *text);
	else if (text != NULL)
		up_buf_put_span(out, *text);
}

const char *up_rp_value_text(const struct up_rp_session *s, size_t i)
{
	const struct up_span *text = text_of(s, i);

	return text != NULL ? (const char *)text->p : NULL;
}

static bool one_of(const struct up_rp_rule *r, struct up_span value)
{
	if (value.n == 0)
		return false;
	for (size_t i = 0; i < r->n; i++)
		if (up_span_eq(r->values[i], value))
			return true;
	return false;
}

static bool has_item(const struct up_rp_rule *r, const struct up_rp_session *s)
{
	struct up_span rest = s->items, item;

	if (!up_authority_needs_grant(UP_USE_LOGIN, up_authority_role(s->role)))
		return true;
	while (rest.n > 0) {
		up_span_cut(rest, ' ', &item, &rest);
		if (one_of(r, item))
			return true;
	}
	return false;
}

const char *up_rp_rule_refuses(enum up_rp_what what, struct up_span value)
{
	if (value.n == 0)
		return "a value is empty; remove it";
	if (what == UP_RP_UNIT && up_uscc_check_unit(value) != UP_OK)
		return "a value is not the unified social credit code of a public institution (18 "
		       "characters, in capitals; the check characters are checked)";
	if (what == UP_RP_ROLE && up_authority_role(value) == UP_ROLES)
		return "takes principal, manager and user";
	return NULL;
}

bool up_rp_rule_holds(const struct up_rp_rule *r, const struct up_rp_session *s)
{
	switch (r->what) {
	case UP_RP_UNIT:
		return one_of(r, s->unit_code);
	case UP_RP_ROLE:
		return one_of(r, s->role);
	case UP_RP_ITEM:
		return has_item(r, s);
	case UP_RP_CERTIFICATE:
		return one_of(r, s->certificate);
	}
	return false;
}

/* A gateway may fold any character that is no letter or digit to '_' (CGI, RFC 3875
 * section 4.1.18): so do we. */
bool up_rp_is_identity_header(struct up_span name)
{
	static const char prefix[] = "x-unitpass";
	const size_t n = sizeof(prefix) - 1;

	if (name.n < n)
		return false;
	for (size_t i = 0; i < name.n && i <= n; i++) {
		uint8_t c = name.p[i] >= 'A' && name.p[i] <= 'Z' ? (uint8_t)(name.p[i] | 0x20)
								 : name.p[i];
		bool alnum = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

		if (i == n)
			return !alnum;
		if (prefix[i] == '-' ? alnum : c != (uint8_t)prefix[i])
			return false;
	}
	return false;
}

/* --- the connection --- */

static bool is_of_connection(struct up_span option)
{
	static const char *const options[] = { "close", "keep-alive", "upgrade", "te", "trailer",
		"http2-settings" };

	for (size_t i = 0; i < UP_ARRAY_LEN(options); i++)
		if (up_span_ieq_str(option, options[i]))
			return true;
	return option.n == 0;
}

bool up_rp_connection_put(struct up_span value, struct up_buf *out)
{
	struct up_span rest = value, option;
	const char *sep = "";
	bool others = false;

	while (rest.n > 0 && !others) {
		up_span_cut(rest, ',', &option, &rest);
		others = !is_of_connection(up_span_trim(option));
	}
	for (rest = value; others && rest.n > 0;) {
		up_span_cut(rest, ',', &option, &rest);
		option = up_span_trim(option);
		if (option.n == 0 || !is_of_connection(option))
			continue;
		up_buf_put_str(out, sep);
		up_buf_put_span(out, option);
		sep = ", ";
	}
	return others;
}

bool up_rp_upgrade_is_h2c(struct up_span value)
{
	struct up_span protocol;

	while (value.n > 0) {
		up_span_cut(value, ',', &protocol, &value);
		if (up_span_ieq_str(up_span_trim(protocol), "h2c"))
			return true;
	}
	return false;
}
