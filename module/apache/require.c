/* SPDX-License-Identifier: Apache-2.0
 * Require unit|unit-role|unit-item|unit-certificate VALUE...: one of the values, compared exactly.
 */
#include <apr_strings.h>
#include <mod_auth.h>

#include "module/apache/module.h"

typedef struct {
	struct up_rp_rule rule;
	bool denies;                     /* within "not" or <RequireNone> */
} up_apache_rule_t;

static const struct { const char *name; enum up_rp_what what; } words[] = {
	{ "unit", UP_RP_UNIT }, { "unit-role", UP_RP_ROLE }, { "unit-item", UP_RP_ITEM },
	{ "unit-certificate", UP_RP_CERTIFICATE },
};

/* --- when the configuration is read --- */

static bool is_denied(const cmd_parms *cmd)
{
	const char *args = cmd->directive->args;

	if (ap_cstr_casecmp(ap_getword_conf(cmd->temp_pool, &args), "not") == 0)
		return true;
	for (const ap_directive_t *d = cmd->directive->parent; d != NULL; d = d->parent)
		if (ap_cstr_casecmp(d->directive, "<RequireNone") == 0)
			return true;
	return false;
}

static const char *parse(cmd_parms *cmd, enum up_rp_what what, const char *line, const void **out)
{
	apr_array_header_t *values = apr_array_make(cmd->pool, 4, sizeof(struct up_span));
	up_apache_rule_t *rule = apr_pcalloc(cmd->pool, sizeof(*rule));

	while (*line != '\0') {
		const char *why, *word = ap_getword_conf(cmd->pool, &line);

		if ((why = up_rp_rule_refuses(what, up_span_str(word))) != NULL)
			return apr_psprintf(
			    cmd->pool, "Require %s: %s (%s)", words[what].name, why, word);
		APR_ARRAY_PUSH(values, struct up_span) = up_span_str(word);
	}
	if (values->nelts == 0)
		return apr_psprintf(cmd->pool, "Require %s needs the values of which one must fit",
		    words[what].name);
	rule->rule = (struct up_rp_rule) { .what = what,
		.values = (const struct up_span *)values->elts,
		.n = (size_t)values->nelts };
	rule->denies = is_denied(cmd);
	*out = rule;
	return NULL;
}

static const char *parse_unit(cmd_parms *cmd, const char *line, const void **out)
{
	return parse(cmd, UP_RP_UNIT, line, out);
}

static const char *parse_role(cmd_parms *cmd, const char *line, const void **out)
{
	return parse(cmd, UP_RP_ROLE, line, out);
}

static const char *parse_item(cmd_parms *cmd, const char *line, const void **out)
{
	return parse(cmd, UP_RP_ITEM, line, out);
}

static const char *parse_certificate(cmd_parms *cmd, const char *line, const void **out)
{
	return parse(cmd, UP_RP_CERTIFICATE, line, out);
}

/* --- when a request asks --- */

static authz_status check(request_rec *r, const char *line, const void *parsed)
{
	const up_apache_rule_t *rule = parsed;
	const up_apache_party_t *party = up_apache_parties_of(r);
	const up_apache_identity_t *who;

	(void)line;
	/* Nobody's session can be known here, and "not" would turn a denial into nothing at all. */
	if (!up_apache_access_is_ours(r) || party == NULL)
		return rule->denies ? AUTHZ_GENERAL_ERROR : AUTHZ_DENIED;
	if (r->user == NULL) {
		up_apache_state_t *st = up_apache_identity_state(r);

		st->denies = st->denies || rule->denies;
		if (rule->rule.what == UP_RP_ITEM && !rule->denies && st->item.n == 0)
			st->item = rule->rule.values[0];
		return AUTHZ_DENIED_NO_USER;
	}
	who = up_apache_identity_known(r, party);
	if (who == NULL)
		return AUTHZ_GENERAL_ERROR;
	if (up_rp_rule_holds(&rule->rule, &who->session))
		return AUTHZ_GRANTED;
	if (!rule->denies && up_apache_identity_state(r)->wanted == NULL)
		up_apache_identity_state(r)->wanted = &rule->rule;
	return AUTHZ_DENIED;
}

void up_apache_require_register(apr_pool_t *p)
{
	static const authz_provider providers[] = {
		{ check, parse_unit }, { check, parse_role }, { check, parse_item },
		{ check, parse_certificate },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(words); i++)
		ap_register_auth_provider(p, AUTHZ_PROVIDER_GROUP, words[i].name,
		    AUTHZ_PROVIDER_VERSION, &providers[words[i].what], AP_AUTH_INTERNAL_PER_CONF);
}
