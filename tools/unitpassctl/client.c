/* SPDX-License-Identifier: Apache-2.0
 * unitpassctl client: the portals. */
#include <config.h>

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/hash.h"
#include "core/json.h"
#include "core/jwk.h"
#include "core/target.h"
#include "core/text.h"
#include "tools/common/file.h"
#include "tools/common/terminal.h"
#include "tools/unitpassctl/client.h"

#define SECRET_TEXT 43                   /* base64url of 256 bits */
#define KEYS_MAX 8

enum { NAME = 1, ORIGIN, STATIC_QR, JWKS, SECRET_FILE, KEY_FILE };

const struct argp_option up_client_options[] = {
    {"name", NAME, "NAME", 0, UP_WORDS("as phones show it", "手机上显示的名称"), 0},
    {"origin", ORIGIN, "URL", 0,
	UP_WORDS("https://portal.example.org, without a path",
	    "形如 https://portal.example.org，不带路径"),
	0},
    {"static-qr", STATIC_QR, NULL, 0,
	UP_WORDS("accept QR codes that do not move, and typed codes (terminals; weaker)",
	    "接受静态二维码和手工输入的代码（用于终端，较弱）"),
	0},
    {"jwks", JWKS, "FILE", 0,
	UP_WORDS("public keys (JWK Set, P-256) for private_key_jwt instead of a secret",
	    "用于 private_key_jwt 的公钥（JWK Set，P-256），代替密钥"),
	0},
    {"secret-file", SECRET_FILE, "FILE", 0,
	UP_WORDS("write the secret to this new file (mode 0600) instead of printing it",
	    "把密钥写入此新文件（权限 0600），不显示"),
	0},
    {"key-file", KEY_FILE, "FILE", 0,
	UP_WORDS("make a key pair for private_key_jwt; write the private key to this new file "
		 "(mode 0600)",
	    "生成 private_key_jwt 密钥对，私钥写入此新文件（权限 0600）"),
	0},
    {0},
};

const struct argp_option up_client_rotate_options[] = {
    {"jwks", JWKS, "FILE", 0,
	UP_WORDS(
	    "these public keys (JWK Set, P-256) from now on", "今后使用这些公钥（JWK Set，P-256）"),
	0},
    {"secret-file", SECRET_FILE, "FILE", 0,
	UP_WORDS("write the new secret to this new file (mode 0600) instead of printing it",
	    "把新密钥写入此新文件（权限 0600），不显示"),
	0},
    {"key-file", KEY_FILE, "FILE", 0,
	UP_WORDS("make a new key pair; write the private key to this new file (mode 0600); the key "
		 "before it goes on working",
	    "生成新密钥对，私钥写入此新文件（权限 0600），前一个密钥继续有效"),
	0},
    {0},
};

/* KEY under its thumbprint, as our module names it, and under the id its owner gave it, as other
 * libraries do. */
static bool put_key(json_t *keys, const struct up_jwk *key, const json_t *given)
{
	const char *kid = json_string_value(json_object_get(given, "kid"));
	json_t *o = up_jwk_to_json(key, false), *own;

	if (json_array_append_new(keys, o) != 0)
		return false;
	if (kid == NULL || kid[0] == '\0' || strcmp(kid, up_jwk_thumbprint(key)) == 0)
		return true;
	own = json_copy(o);
	if (json_object_set_new(own, "kid", json_string(kid)) == 0)
		return json_array_append_new(keys, own) == 0;
	json_decref(own);
	return false;
}

/* Only public P-256 keys, written anew. NULL: said why. */
static char *read_jwks(const struct up_ctl *ctl, const char *path)
{
	json_t *set = NULL, *keys = json_array();
	char why[256], *text = NULL;
	struct up_buf file;
	size_t n = 0, good = 0;

	if (up_file_read_text(path, 65536, false, &file, why) != UP_OK) {
		up_ctl_fail(ctl, "jwks", "%s", why);
		json_decref(keys);
		return NULL;
	}
	if (up_json_parse(up_buf_span(&file), &set) == UP_OK)
		n = json_array_size(json_object_get(set, "keys"));
	for (size_t i = 0; n <= KEYS_MAX && i < n; i++) {
		const json_t *given = json_array_get(json_object_get(set, "keys"), i);
		struct up_jwk *key;

		if (up_jwk_from_json(given, true, &key) != UP_OK)
			break;
		good += put_key(keys, key, given);
		up_jwk_free(&key);
	}
	if (n > 0 && good == n) {
		json_t *out = json_pack("{s:O}", "keys", keys);

		text = out != NULL ? json_dumps(out, JSON_COMPACT) : NULL;
		json_decref(out);
	} else {
		up_ctl_fail(ctl, "jwks",
		    up_say("%s: must be a JWK Set of 1 to 8 public P-256 keys (no member d)",
			"%s：应为含 1 至 8 个 P-256 公钥的 JWK Set（不得含 d）"),
		    path);
	}
	up_buf_free(&file);
	json_decref(set);
	json_decref(keys);
	return text;
}

static bool draw_secret(const struct up_ctl *ctl, struct up_client *c, char secret[SECRET_TEXT + 1])
{
	struct up_span text = up_span_of(secret, SECRET_TEXT);
	uint8_t raw[32];

	if (RAND_bytes(raw, sizeof(raw)) != 1)
		return up_ctl_fail_err(ctl, UP_E_CRYPTO, "secret") == 0;
	up_text_b64url(up_span_of(raw, sizeof(raw)), secret);
	secret[SECRET_TEXT] = '\0';
	up_wipe(raw, sizeof(raw));
	c->has_secret = true;
	return up_hash_sha256(&text, 1, c->secret_hash) == UP_OK ||
	    up_ctl_fail_err(ctl, UP_E_CRYPTO, "secret") == 0;
}

static bool put_new_file(const struct up_ctl *ctl, const char *path, const char *content)
{
	struct up_buf line = { 0 };
	char why[256];
	enum up_err err;

	up_buf_printf(&line, "%s\n", content);
	err = up_file_create(path, up_buf_span(&line), why);
	up_buf_free(&line);
	if (err != UP_OK)
		up_ctl_fail(ctl, "file", "%s", why);
	return err == UP_OK;
}

/* A JWK Set of KEY and, after it, the newest key of KNOWN (may be NULL), so that a change of keys
 * has no gap. */
static char *set_with(const struct up_jwk *key, const char *known)
{
	json_t *keys = json_array(), *set = known != NULL ? json_loads(known, 0, NULL) : NULL;
	json_t *before = json_array_get(json_object_get(set, "keys"), 0), *out;
	char *text;

	json_array_append_new(keys, up_jwk_to_json(key, false));
	if (before != NULL)
		json_array_append(keys, before);
	out = json_pack("{s:o}", "keys", keys);
	text = out != NULL ? json_dumps(out, JSON_COMPACT) : NULL;
	json_decref(out);
	json_decref(set);
	return text;
}

/* The private half to the new file PATH. Gives the public set, or NULL: said why. */
static char *make_key(const struct up_ctl *ctl, const char *path, const char *known)
{
	char *private_text = NULL, *set = NULL;
	struct up_jwk *key;
	json_t *o;

	if (up_jwk_generate(&key) != UP_OK) {
		up_ctl_fail_err(ctl, UP_E_CRYPTO, "key");
		return NULL;
	}
	o = up_jwk_to_json(key, true);
	private_text = o != NULL ? json_dumps(o, JSON_COMPACT) : NULL;
	json_decref(o);
	if (private_text == NULL)
		up_ctl_fail_err(ctl, UP_E_NOMEM, "key");
	else if (put_new_file(ctl, path, private_text) && (set = set_with(key, known)) == NULL)
		unlink(path);
	if (private_text != NULL)
		up_wipe(private_text, strlen(private_text));
	free(private_text);
	up_jwk_free(&key);
	return set;
}

static const char *new_file(const struct up_command_line *l)
{
	return l->values[SECRET_FILE] != NULL ? l->values[SECRET_FILE] : l->values[KEY_FILE];
}

/* Secret or keys of C, as asked for; KNOWN: the keys it has. What is written to a file stands there
 * afterwards. False: said why. */
static bool make_credential(const struct up_command_line *l, struct up_client *c, const char *known,
    char secret[SECRET_TEXT + 1])
{
	const struct up_ctl *ctl = l->program;

	if (l->values[JWKS] != NULL)
		return (c->jwks = read_jwks(ctl, l->values[JWKS])) != NULL;
	if (l->values[KEY_FILE] != NULL)
		return (c->jwks = make_key(ctl, l->values[KEY_FILE], known)) != NULL;
	return draw_secret(ctl, c, secret) &&
	    (l->values[SECRET_FILE] == NULL || put_new_file(ctl, l->values[SECRET_FILE], secret));
}

static void check_credential(const struct up_command_line *l)
{
	if ((l->values[JWKS] != NULL) + (l->values[SECRET_FILE] != NULL) +
		(l->values[KEY_FILE] != NULL) >
	    1)
		up_command_wrong("%s",
		    up_say("--jwks, --secret-file and --key-file exclude each other: a client has "
			   "keys or a secret",
			"--jwks、--secret-file、--key-file 只能用其一：业务系统或用密钥对，或用 client_secret"));
}

/* Which logins it can begin: what an integrator has to know before the first try. */
static const char *kind_of(const struct up_client *c)
{
	return c->is_static
	    ? up_say("a QR that stands still, and a user_code to type (--static-qr): for terminals "
	    "and plain RFC 8628 clients; easier to relay than the animated QR",
	    "静态二维码和可输入的 user_code（--static-qr）：用于终端和标准 RFC 8628 客户端；"
	    "比动态二维码更易被转发利用")
	    : up_say("animated QR alone, without user_code: for our module and pages that show the "
	    "frames of watch_uri; a terminal or a plain RFC 8628 client needs --static-qr",
	    "仅动态二维码，没有 user_code：用于本模块，以及显示 watch_uri 动态帧的页面；"
	    "终端和标准 RFC 8628 客户端须加 --static-qr");
}

static int report(const struct up_command_line *l, const struct up_client *c, const char *secret)
{
	const char *file = new_file(l), *shown = c->has_secret && file == NULL ? secret : NULL;
	const struct up_ctl *ctl = l->program;

	if (ctl->json)
		return up_ctl_print(ctl,
		    json_pack("{s:s, s:s, s:s, s:b, s:s, s:s*, s:s*, s:s*}", "client_id", c->id,
			"name", c->name, "origin", c->origin, "static_qr", c->is_static,
			"authentication", c->has_secret ? "client_secret" : "private_key_jwt",
			"client_secret", shown, "secret_file", c->has_secret ? file : NULL,
			"key_file", c->has_secret ? NULL : file));
	printf("client_id      %s\n", c->id);
	if (shown != NULL)
		printf("client_secret  %s\n", shown);
	printf("%s%s\n", up_say("kind           ", "种类           "), kind_of(c));
	if (file != NULL)
		printf("%s  %s\n", c->has_secret ? "secret in    " : "key in       ", file);
	if (shown != NULL)
		puts(up_say("The secret is shown this once; the server keeps only its hash.",
		    "密钥只显示这一次；服务器只保存其哈希值。"));
	return 0;
}

static void say_reload(const struct up_ctl *ctl, const char *en, const char *zh)
{
	if (!ctl->json)
		puts(up_say(en, zh));
}

static const char *wrong_input(const struct up_command_line *l)
{
	struct up_span origin, path;

	if (!up_ctl_id_ok(l->argument))
		return up_say("ID: 1 to 64 of a-z 0-9 . _ -, beginning with a letter or digit",
		    "ID：1 至 64 个小写字母、数字或 . _ -，以字母或数字开头");
	if (up_target_url(up_span_str(l->values[ORIGIN]), &origin, &path) != UP_OK || path.n != 0)
		return up_say("--origin: must be like https://portal.example.org, lower case, no "
			      "path, no final slash (http for a loopback host only)",
		    "--origin：应形如 https://portal.example.org，小写，不带路径和末尾斜杠（http "
		    "仅限本机地址）");
	return NULL;
}

int up_client_add(struct up_command_line *l)
{
	struct up_ctl *ctl = l->program;
	const char *wrong = wrong_input(l);
	char secret[SECRET_TEXT + 1] = "";
	struct up_client c = { .is_static = l->values[STATIC_QR] != NULL };
	char name[UP_CTL_NAME_SIZE];
	int status = 1;
	struct up_op_client put = {0};
	enum up_err err;

	if (!up_ctl_name(ctl, "--name", l->values[NAME], name))
		return 1;
	if (wrong != NULL)
		return up_ctl_fail(ctl, "client", "%s", wrong);
	check_credential(l);
	if (!up_ctl_open(ctl))
		return 1;
	c.id = strdup(l->argument);
	c.name = strdup(name);
	c.origin = strdup(l->values[ORIGIN]);
	if (c.id == NULL || c.name == NULL || c.origin == NULL ||
	    !make_credential(l, &c, NULL, secret))
		goto out;
	put.client = &c;
	err = up_ctl_run(ctl, UP_OP_CLIENT_ADD, &put.op);
	if (err == UP_OK) {
		status = report(l, &c, secret);
		say_reload(ctl,
		    "Reload the server so that it knows this client: systemctl reload unitpassd "
		    "(SIGHUP).",
		    "请让服务器重新加载以识别该业务系统：systemctl reload unitpassd（SIGHUP）。");
		goto out;
	}
	if (new_file(l) != NULL)
		unlink(new_file(l));
	if (err == UP_E_STATE)
		up_ctl_fail(ctl, "taken",
		    up_say("there is, or was, a client '%s' already: an id is never given twice; "
			   "see: unitpassctl client list --all",
			"业务系统“%s”已存在或曾经存在，编号不重复使用，请查看：unitpassctl client "
			"list --all"),
		    c.id);
	else
		up_ctl_fail_err(ctl, err, c.id);
out:
	free(c.id);
	free(c.name);
	free(c.origin);
	free(c.jwks);
	up_wipe(secret, sizeof(secret));
	return status;
}

static int rotate(const struct up_command_line *l, const struct up_client *known)
{
	struct up_client c = { .id = known->id,
		.name = known->name,
		.origin = known->origin,
		.is_static = known->is_static };
	struct up_ctl *ctl = l->program;
	char secret[SECRET_TEXT + 1] = "";
	int status = 1;
	struct up_op_client put = {0};
	enum up_err err;

	if (!make_credential(l, &c, known->jwks, secret))
		return 1;
	put.client = &c;
	err = up_ctl_run(ctl, UP_OP_CLIENT_ROTATE, &put.op);
	if (err == UP_OK) {
		status = report(l, &c, secret);
		say_reload(ctl,
		    "The server takes it from its next reload on: systemctl reload unitpassd. Then "
		    "reload the portal's web server with the new file.",
		    "服务器重新加载后生效：systemctl reload "
		    "unitpassd。随后请用新文件重新加载业务系统的 Web 服务器。");
	} else {
		if (new_file(l) != NULL)
			unlink(new_file(l));
		up_ctl_fail_err(ctl, err, c.id);
	}
	free(c.jwks);
	up_wipe(secret, sizeof(secret));
	return status;
}

int up_client_rotate(struct up_command_line *l)
{
	check_credential(l);
	return up_client_with(l, rotate);
}
