/* SPDX-License-Identifier: Apache-2.0
 * What an issuer says of itself, judged as the module will judge it: unitpassd, or any other
 * provider of RFC 8628 (doc/PROVIDERS.md). */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "core/json.h"
#include "core/jws.h"
#include "tools/common/terminal.h"
#include "tools/unitpassctl/doctor.h"
#include "tools/unitpassctl/doctor_http.h"

static bool lists(const json_t *list, const char *name)
{
	const json_t *v;
	size_t i;

	json_array_foreach(list, i, v)
		if (json_is_string(v) && strcmp(json_string_value(v), name) == 0)
			return true;
	return false;
}

/* Absent counts as not told, which is no fault. */
static void check_algorithms(struct up_doctor *d, const json_t *document)
{
	const json_t *told = json_object_get(document, "id_token_signing_alg_values_supported");

	if (told == NULL || lists(told, "ES256") || lists(told, "RS256") || lists(told, "PS256"))
		return;
	up_doctor_find(d, UP_DOCTOR_ERROR, "algorithms", "%s",
	    up_say("it signs ID tokens with none of ES256, RS256 and PS256",
		"它签发 ID token 不用 ES256、RS256、PS256 中任何一种"));
	up_doctor_remedy(d, "%s",
	    up_say("set one of them for this client at the provider",
		"请在该服务处为本业务系统设置其中一种"));
}

static void check_keys(struct up_doctor *d, const json_t *document)
{
	struct up_doctor_call call = { .ca = d->ca };
	struct up_doctor_answer a;
	char url[512] = "";
	json_t *jwks = NULL;
	struct up_span s;

	if (up_json_text(document, "jwks_uri", sizeof(url) - 1, &s) != UP_OK)
		return;
	memcpy(url, s.p, s.n);
	call.url = url;
	if (up_doctor_http(&call, &a) != UP_OK)
		d->failed = true;
	if (a.status == 200 && up_json_parse(up_buf_span(&a.body), &jwks) == UP_OK &&
	    up_jws_usable(jwks)) {
		up_doctor_find(d, UP_DOCTOR_OK, "algorithms", "%s",
		    up_say("it has a key that the module can verify with",
			"它有模块可用来验签的密钥"));
	} else {
		up_doctor_find(d, UP_DOCTOR_ERROR, "algorithms",
		    up_say("jwks_uri answers %ld, and has no key for ES256, RS256 or PS256",
			"jwks_uri 返回 %ld，其中没有 ES256、RS256 或 PS256 的密钥"),
		    a.status);
		up_doctor_remedy(d, "%s",
		    up_say("give the provider a P-256 key, or an RSA key of 2048 bits or more, for "
			   "signatures",
			"请为该服务配置 P-256 或 2048 位以上 RSA 的签名密钥"));
	}
	json_decref(jwks);
	up_doctor_http_free(&a);
}

/* What module/rp/idtoken.c cannot do without, as the whole or flat. */
static void check_claims(struct up_doctor *d, const json_t *document)
{
	static const struct {
		const char *whole, *flat, *name;
	} needed[] = {
		{ "unit", "unit_code", "unit.code" },
		{ "holder", "holder_role", "holder.role" },
	};
	const json_t *told = json_object_get(document, "claims_supported");
	char missing[64] = "";

	for (size_t i = 0; i < UP_ARRAY_LEN(needed); i++)
		if (!lists(told, needed[i].whole) && !lists(told, needed[i].flat))
			snprintf(missing + strlen(missing), sizeof(missing) - strlen(missing),
			    "%s%s", missing[0] != '\0' ? ", " : "", needed[i].name);
	if (missing[0] == '\0') {
		up_doctor_find(d, UP_DOCTOR_OK, "claims", "%s",
		    up_say("it tells the unit and the person's role", "它会给出单位和人员角色"));
		return;
	}
	up_doctor_find(d, UP_DOCTOR_WARNING, "claims",
	    up_say("its document does not promise: %s; sign-ins without them are refused",
		"它的文档没有列出：%s；缺少它们的登录会被拒绝"),
	    missing);
	up_doctor_remedy(d, "%s",
	    up_say("let the provider put them into the ID token, nested or flat (unit_code, "
		   "holder_role), as "
		   "PROVIDERS.md says; a refused login names the claim in the portal's error log "
		   "(rp_login refused)",
		"请让该服务把它们写入 ID token，嵌套或平铺（unit_code、holder_role）均可，见 "
		"PROVIDERS.zh-CN.md；"
		"被拒登录所缺的项会写在业务系统的错误日志中（rp_login refused）"));
}

static void check_endpoints(
    struct up_doctor *d, const json_t *document, struct up_doctor_issuer *out)
{
	static const char *const names[] = { "device_authorization_endpoint", "token_endpoint",
		"jwks_uri" };
	struct up_span s;

	for (size_t i = 0; i < UP_ARRAY_LEN(names); i++) {
		if (up_json_text(document, names[i], sizeof(out->device_endpoint) - 1, &s) == UP_OK)
			continue;
		up_doctor_find(d, UP_DOCTOR_ERROR, "endpoints",
		    up_say("its document has no %s", "它的文档没有 %s"), names[i]);
		up_doctor_remedy(d, "%s",
		    up_say("turn on the provider's device flow (RFC 8628); the module works by "
			   "nothing else",
			"请在该服务处启用设备授权流程（RFC 8628），模块只用这一种"));
	}
	if (up_json_text(document, names[0], sizeof(out->device_endpoint) - 1, &s) == UP_OK)
		memcpy(out->device_endpoint, s.p, s.n);
}

void up_doctor_provider(struct up_doctor *d, const json_t *document, struct up_doctor_issuer *out)
{
	check_endpoints(d, document, out);
	check_algorithms(d, document);
	check_keys(d, document);
	check_claims(d, document);
}

/* Without events there must be something to scan or to type. */
void up_doctor_provider_code(struct up_doctor *d, const json_t *begun)
{
	static const char *const uris[] = { "verification_uri", "verification_url" };
	bool has_uri = false, has_code;
	struct up_span s;

	for (size_t i = 0; i < UP_ARRAY_LEN(uris); i++)
		has_uri = has_uri || up_json_text(begun, uris[i], 1024, &s) == UP_OK;
	has_code = up_json_text(begun, "user_code", 31, &s) == UP_OK;
	if ((has_uri && has_code) ||
	    up_json_text(begun, "verification_uri_complete", 1024, &s) == UP_OK) {
		up_doctor_find(d, UP_DOCTOR_OK, "code", "%s",
		    up_say("it gives a code that does not move, and its address",
			"它给出不变的代码及其地址"));
		return;
	}
	up_doctor_find(d, UP_DOCTOR_ERROR, "code",
	    up_say("its answer lacks %s: there is nothing to scan or to type",
		"它的答复缺少 %s：没有可扫或可输入的内容"),
	    has_uri ? "user_code" : "verification_uri");
	up_doctor_remedy(d, "%s",
	    up_say("RFC 8628 section 3.2 requires it of the provider",
		"RFC 8628 第 3.2 节要求该服务给出"));
}
