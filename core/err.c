/* SPDX-License-Identifier: Apache-2.0 */
#include "core/err.h"

#include <stddef.h>
#include <string.h>

struct row {
	const char *name;
	struct up_reply reply;
};

static const struct row rows[UP_E_N] = {
	[UP_OK] = { "ok",
	    { 200, "ok", "done; nothing further is needed", "已完成，无需其他操作" } },

	[UP_E_REQUEST] = { "bad_request",
	    { 400, "invalid_request",
		"a parameter is missing, repeated, malformed or too long; correct the request",
		"请求缺少参数、参数重复、有误或过长，请更正后重试" } },
	[UP_E_UTF8] = { "bad_utf8",
	    { 400, "invalid_request", "the text is not valid UTF-8 or holds a NUL; send UTF-8",
		"文字编码有误，请使用 UTF-8 编码" } },
	[UP_E_TYPE] = { "bad_type",
	    { 415, "invalid_request", "wrong Content-Type; send the type that this address takes",
		"内容类型不符，请按接口要求的类型提交" } },
	[UP_E_TOO_LARGE] = { "too_large",
	    { 413, "invalid_request", "the request is too large or too deeply nested; send less",
		"请求过大或嵌套过深，请精简后重试" } },
	[UP_E_HEADERS] = { "headers_too_large",
	    { 431, "invalid_request", "the header fields are too large; send fewer or shorter ones",
		"请求头过大，请精简后重试" } },
	[UP_E_NOT_FOUND] = { "not_found",
	    { 404, "invalid_request", "nothing is here; check the address or reference",
		"页面或内容不存在，请检查地址或编号" } },
	[UP_E_METHOD] = { "bad_method",
	    { 405, "invalid_request",
		"this address does not take that method; use one named in Allow",
		"此地址不支持该请求方法，请使用允许的方法" } },
	[UP_E_REUSED] = { "key_reused",
	    { 422, "idempotency_key_reused",
		"this Idempotency-Key came with another request before; use a new one for each",
		"此幂等键已用于另一请求，请为每个请求使用新的幂等键" } },
	[UP_E_RATE] = { "rate_limited",
	    { 429, "temporarily_unavailable", "too many requests; wait a little and try again",
		"操作过于频繁，请稍候再试" } },

	[UP_E_CLIENT] = { "bad_client",
	    { 401, "invalid_client",
		"client authentication failed; check the client id and its credentials",
		"业务系统身份验证失败，请检查其编号和凭据" } },
	[UP_E_ASSERTION] = { "old_assertion",
	    { 401, "invalid_client",
		"this assertion may be older than the server's last start; make a new one, "
		"with iat",
		"该断言可能生成于服务器本次启动之前，请重新生成，并写明 iat" } },
	[UP_E_UNAUTHORIZED_CLIENT] = { "unauthorized_client",
	    { 400, "unauthorized_client",
		"this client may not do that; ask the operator to permit it",
		"该业务系统无权进行此操作，请联系运营方开通" } },
	[UP_E_GRANT_TYPE] = { "unsupported_grant_type",
	    { 400, "unsupported_grant_type",
		"this grant_type is not supported; use one that the metadata lists",
		"不支持该授权类型，请使用元数据中列出的类型" } },
	[UP_E_SCOPE] = { "bad_scope",
	    { 400, "invalid_scope",
		"a scope is unknown or not allowed; ask only for registered scopes",
		"权限范围未知或不允许，请只申请已登记的范围" } },
	[UP_E_ITEM] = { "bad_item",
	    { 400, "invalid_request",
		"this item is not in the catalogue of the client; register it first",
		"该业务系统没有登记此授权事项，请先登记" } },
	[UP_E_GRANT] = { "bad_grant",
	    { 400, "invalid_grant", "this code or token cannot be used; start the login again",
		"授权码或令牌不可用，请重新登录" } },

	[UP_E_PENDING] = { "authorization_pending",
	    { 400, "authorization_pending", "the person has not decided yet; keep polling",
		"用户尚未确认，请继续等待" } },
	[UP_E_SLOW_DOWN] = { "slow_down",
	    { 400, "slow_down", "polling too fast; add 5 seconds to the interval",
		"查询过于频繁，请将间隔增加 5 秒" } },
	[UP_E_DENIED] = { "access_denied",
	    { 400, "access_denied", "the person declined; start again if this was a mistake",
		"用户已拒绝，如属误操作请重新开始" } },
	[UP_E_EXPIRED] = { "expired_token",
	    { 400, "expired_token", "time ran out; start again", "已超时，请重新开始" } },

	[UP_E_CODE] = { "bad_code",
	    { 400, "invalid_code",
		/* one text for unknown, expired, used, stale and foreign (SECURITY 12) */
		"this code cannot be used; show a new one and scan it again",
		"此二维码不可用，请刷新出新的二维码后重新扫描" } },
	[UP_E_STATE] = { "wrong_state",
	    { 409, "wrong_state", "this step is no longer possible here; start again",
		"当前状态下不能进行此操作，请重新开始" } },

	[UP_E_PROOF] = { "bad_proof",
	    { 401, "invalid_dpop_proof",
		"the DPoP proof is missing or wrong; make a fresh one for this request",
		"设备证明缺失或有误，请重新操作；仍不成功请更新应用" } },
	[UP_E_NONCE] = { "use_nonce",
	    { 401, "use_dpop_nonce", "repeat the request with the nonce from the DPoP-Nonce header",
		"请使用服务器新给出的随机数重试" } },
	/* RFC 6750 section 3.1: whoever showed nothing is told how to, without an error code */
	[UP_E_NO_TOKEN] = { "no_token",
	    { 401, "", "this address wants a token; send it in the Authorization header",
		"访问此地址需要凭证，请先登录" } },
	[UP_E_TOKEN] = { "bad_token",
	    { 401, "invalid_token",
		"the token is unknown, expired or revoked; sign in or enrol again",
		"凭证已失效，请重新登录或重新领取证书" } },
	[UP_E_ENDED] = { "device_ended",
	    { 401, "device_ended",
		"this phone was replaced or ended, its key is no longer valid; enrol it "
		"with a new code",
		"本手机已被更换或停用，其密钥已失效；如需继续使用，请凭新的领取码重新领取证书" } },
	[UP_E_REPLAY] = { "replayed_proof",
	    { 401, "invalid_dpop_proof",
		"this proof was used before; make a fresh one for each request",
		"设备证明已被使用过，请重新操作" } },
	[UP_E_SIGNATURE] = { "bad_signature",
	    { 400, "invalid_request",
		"a signature does not verify; sign the request anew with the registered key",
		"签名验证不通过，请用已登记的密钥重新签名" } },
	[UP_E_PASSWORD] = { "wrong_password",
	    { 403, "wrong_password",
		"wrong certificate password; six errors in a row lock it, then recover it by SMS",
		"证书密码错误；连续输错六次将锁定，可通过短信验证找回" } },
	[UP_E_LOCKED] = { "password_locked",
	    { 403, "password_locked",
		"the certificate password is locked; recover it by SMS, or set a new one with a "
		"window's code",
		"证书密码已锁定，请通过短信验证找回密码，或凭窗口的领取码重新设置" } },
	[UP_E_WEAK] = { "weak_password",
	    { 400, "weak_password",
		"this password is too easy to guess; choose one without runs, repeats or your own "
		"numbers",
		"密码过于简单，请勿使用连续、重复的字符或本人证件、手机号码" } },
	[UP_E_PERSON] = { "wrong_person",
	    { 403, "wrong_person",
		"this code is for another person; the person named must scan it herself",
		"此二维码不是给您的，请由被授权人本人扫描" } },
	[UP_E_STATEMENT] = { "statement_not_agreed",
	    { 400, "statement_not_agreed",
		"read the current download statement and agree to it first",
		"请先阅读并同意最新的下载声明" } },
	[UP_E_ROLE] = { "role_not_live",
	    { 403, "role_not_live",
		"the certificate or role is not in force, or does not permit this; ask the first "
		"responsible manager of the unit",
		"证书或角色已失效，或您的角色无权办理此事，请联系本单位第一管理责任人" } },
	[UP_E_ITEM_GRANT] = { "item_not_granted",
	    { 403, "item_not_granted",
		"you hold no live grant for this item; ask a manager of the unit for one",
		"您没有此事项的有效授权，请联系本单位管理人授权" } },

	[UP_E_SUSPENDED] = { "principal_suspended",
	    { 403, "principal_suspended",
		"the legal representative of the unit changed; have yourself confirmed at the "
		"window of the registration authority first",
		"本单位法定代表人已变更，请先到登记管理机关窗口重新确认第一管理责任人" } },
	[UP_E_AUTHORISE] = { "may_not_authorise",
	    { 403, "may_not_authorise",
		"you have no permission to authorise users; ask the first responsible manager to "
		"add you anew with it",
		"您没有使用人授权的权限，请联系本单位第一管理责任人开通" } },
	[UP_E_MANAGERS] = { "managers_full",
	    { 409, "managers_full",
		"the unit has three managers already, those who have not enrolled yet counted; "
		"delete one first",
		"本单位管理人已满三名（含尚未领取证书的），请先删除一名" } },
	[UP_E_OTHER_ROLE] = { "other_role",
	    { 409, "other_role",
		"this person has another role in the unit; delete that role first, then add her "
		"anew",
		"此人在本单位已有其他角色，请先删除该角色再添加" } },
	[UP_E_UNCHECKED] = { "realname_pending",
	    { 409, "realname_pending",
		"the population platform has not answered yet whether this person is real; it is "
		"asked again by itself, try later",
		"此人的实名核验尚无结果，系统会自动继续核验，请稍后再试" } },
	[UP_E_MISMATCH] = { "person_mismatch",
	    { 400, "person_mismatch",
		"name or mobile number are not those of the person with this resident ID number; "
		"check all three with her",
		"姓名或手机号与身份证号码不一致，请与本人逐项核对后重新填写" } },
	[UP_E_NO_PERSON] = { "person_unknown",
	    { 400, "person_unknown",
		"no person has this resident ID number; check it with the person's ID card",
		"查无此身份证号码，请对照身份证核对后重新填写" } },
	[UP_E_PERIOD_PAST] = { "period_past",
	    { 400, "period_past", "a grant cannot begin before today; choose today or a later day",
		"授权开始日期不能早于今天，请选择今天或以后的日期" } },
	[UP_E_PERIOD_SHORT] = { "period_too_short",
	    { 400, "period_too_short",
		"a grant lasts one day at least; choose an end that is not before the start",
		"授权期限至少一天，结束日期不能早于开始日期，请重新选择" } },
	[UP_E_PERIOD_LONG] = { "period_too_long",
	    { 400, "period_too_long",
		"a grant lasts one year at most; end it on the day before the same date of the "
		"next year, or earlier",
		"授权期限最长一年，结束日期最晚为次年同日的前一天，请重新选择" } },
	[UP_E_PERIOD_OVER] = { "period_over",
	    { 409, "period_over",
		"the period of this grant ended before it was taken; ask for a new grant",
		"该授权在领取前已过期，请联系授权人重新授权" } },

	[UP_E_FORMAT] = { "bad_format",
	    { 400, "invalid_request",
		"a value has wrong characters or length; check it for typing errors",
		"填写的内容格式有误，请检查字符和位数" } },
	[UP_E_CHECK] = { "bad_check_character",
	    { 400, "invalid_request",
		"the check character does not fit; check the number for typing errors",
		"号码校验不通过，请检查是否输错" } },
	[UP_E_RANGE] = { "out_of_range",
	    { 400, "invalid_request", "a value is out of range or not a possible date; correct it",
		"填写的内容超出范围或日期不存在，请更正" } },
	[UP_E_CHARACTER] = { "bad_character",
	    { 400, "invalid_request",
		"a value holds a character that is invisible or only looks right; type it anew",
		"填写的内容含有不可见或外形相似的字符，请重新输入" } },

	[UP_E_ALG] = { "bad_algorithm",
	    { 400, "invalid_request", "this algorithm is not accepted; use ES256",
		"不接受该算法，请使用 ES256" } },
	[UP_E_KEY] = { "bad_key",
	    { 400, "invalid_request", "the key is unknown or unusable; use a registered P-256 key",
		"密钥未知或不可用，请使用已登记的 P-256 密钥" } },
	[UP_E_CLAIM] = { "bad_claim",
	    { 400, "invalid_request",
		"a claim of the token is missing or does not fit; request a new token",
		"令牌内容缺失或不符，请重新获取" } },

	[UP_E_STORE] = { "store_failed",
	    { 503, "temporarily_unavailable",
		"the record could not be kept, so nothing was done; try again later",
		"记录未能保存，操作没有进行，请稍后再试" } },
	[UP_E_LIVE] = { "live_failed",
	    { 503, "temporarily_unavailable",
		"the state of the login cannot be reached; try again later",
		"暂时无法读取登录状态，请稍后再试" } },
	[UP_E_CLOCK] = { "clock_wrong",
	    { 503, "temporarily_unavailable",
		"the clock of the server is not right, so nothing was done; try again later",
		"服务器时间有误，操作没有进行，请稍后再试" } },
	[UP_E_BUSY] = { "busy",
	    { 503, "temporarily_unavailable", "the server is busy; try again in a minute",
		"系统繁忙，请一分钟后再试" } },
	[UP_E_NOMEM] = { "no_memory",
	    { 500, "server_error", "the server ran out of memory; try again later",
		"服务器资源不足，请稍后再试" } },
	[UP_E_IO] = { "io_failed",
	    { 500, "server_error", "the server could not read or send something; try again later",
		"服务器读写失败，请稍后再试" } },
	[UP_E_UPSTREAM] = { "upstream_failed",
	    { 503, "temporarily_unavailable",
		"the certificate server cannot be reached; try again later",
		"暂时无法连接证书服务，请稍后再试" } },
	[UP_E_PROVIDER] = { "unusable_answer",
	    { 502, "unusable_answer",
		"the sign-in service answered, but its answer does not do for this site; tell the "
		"operator of this site",
		"登录服务已答复，但其答复不符合本系统的要求，无法登录；请联系本系统的运营方" } },
	[UP_E_CONFIG] = { "bad_configuration",
	    { 500, "server_error", "the server is not set up correctly; tell its operator",
		"系统配置有误，请联系运营方" } },
	[UP_E_CRYPTO] = { "crypto_failed",
	    { 500, "server_error",
		"the server could not complete a cryptographic step; try again later",
		"服务器加密运算失败，请稍后再试" } },
};

static const struct row unknown = { "unknown", { 500, "server_error",
    "the server met an unexpected error; try again later", "服务器发生意外错误，请稍后再试" } };

static const struct row *row_of(enum up_err err)
{
	/* A value may come from memory or another version: trust nothing but the table. */
	unsigned i = (unsigned)err;

	return i < UP_E_N && rows[i].name != NULL ? &rows[i] : &unknown;
}

const struct up_reply *up_err_reply(enum up_err err)
{
	return &row_of(err)->reply;
}

const char *up_err_name(enum up_err err)
{
	return row_of(err)->name;
}

enum up_err up_err_named(const char *name)
{
	unsigned err = 0;

	while (err < UP_E_N && strcmp(rows[err].name, name) != 0)
		err++;
	return (enum up_err)err;
}
