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
#include "tools/common/table.h"
#include "tools/common/terminal.h"
#include "tools/unitpassctl/ctl.h"

#define SECRET_TEXT 43                   /* base64url of 256 bits */
#define KEYS_MAX 8

enum { NAME = 1, ORIGIN, STATIC_QR, JWKS, SECRET_FILE };

const struct argp_option up_client_options[] = {
	{ "name", NAME, "NAME", 0, "as phones show it", 0 },
	{ "origin", ORIGIN, "URL", 0, "https://portal.example.org, without a path", 0 },
	{ "static-qr", STATIC_QR, NULL, 0, "accept QR codes that do not move, and typed codes (terminals; weaker)", 0 },
	{ "jwks", JWKS, "FILE", 0, "public keys (JWK Set, P-256) for private_key_jwt instead of a secret", 0 },
	{ "secret-file", SECRET_FILE, "FILE", 0, "write the secret to this new file (mode 0600) instead of printing it", 0 },
	{ 0 },
};

/* KEY under its thumbprint, as our module names it, and under the id its owner gave it, as other libraries do. */
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

	if (up_file_read(path, 65536, false, &file, why) != UP_OK) {
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
		up_ctl_fail(ctl, "jwks", up_say("%s: must be a JWK Set of 1 to 8 public P-256 keys (no member d)",
		    "%s：应为含 1 至 8 个 P-256 公钥的 JWK Set（不得含 d）"), path);
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
	return up_hash_sha256(&text, 1, c->secret_hash) == UP_OK || up_ctl_fail_err(ctl, UP_E_CRYPTO, "secret") == 0;
}

static bool put_secret_file(const struct up_ctl *ctl, const char *path, const char *secret)
{
	struct up_buf line = { 0 };
	char why[256];
	enum up_err err;

	up_buf_printf(&line, "%s\n", secret);
	err = up_file_create(path, up_buf_span(&line), why);
	up_buf_free(&line);
	if (err != UP_OK)
		up_ctl_fail(ctl, "secret_file", "%s", why);
	return err == UP_OK;
}

static int report(const struct up_ctl *ctl, const struct up_client *c, const char *secret, const char *secret_file)
{
	const char *shown = c->has_secret && secret_file == NULL ? secret : NULL;

	if (ctl->json)
		return up_ctl_print(ctl, json_pack("{s:s, s:s, s:s, s:b, s:s, s:s*, s:s*}", "client_id", c->id, "name", c->name, "origin", c->origin,
		    "static_qr", c->is_static, "authentication", c->has_secret ? "client_secret" : "private_key_jwt",
		    "client_secret", shown, "secret_file", c->has_secret ? secret_file : NULL));
	printf("client_id      %s\n", c->id);
	if (shown != NULL)
		printf("client_secret  %s\n", shown);
	if (c->has_secret && secret_file != NULL)
		printf("secret in      %s\n", secret_file);
	if (shown != NULL)
		puts(up_say("The secret is shown this once; the server keeps only its hash.", "密钥只显示这一次；服务器只保存其哈希值。"));
	puts(up_say("Reload the server so that it knows this client: systemctl reload unitpassd (SIGHUP).",
	    "请让服务器重新加载以识别该业务系统：systemctl reload unitpassd（SIGHUP）。"));
	return 0;
}

static const char *wrong_input(const struct up_command_line *l)
{
	struct up_span origin, path;

	if (!up_ctl_id_ok(l->argument))
		return up_say("ID: 1 to 64 of a-z 0-9 . _ -, beginning with a letter or digit", "ID：1 至 64 个小写字母、数字或 . _ -，以字母或数字开头");
	if (!up_ctl_name_ok(l->values[NAME]))
		return up_say("--name: 1 to 60 plain characters", "--name：1 至 60 个普通字符");
	if (up_target_url(up_span_str(l->values[ORIGIN]), &origin, &path) != UP_OK || path.n != 0)
		return up_say("--origin: must be like https://portal.example.org, lower case, no path, no final slash (http for a loopback host only)",
		    "--origin：应形如 https://portal.example.org，小写，不带路径和末尾斜杠（http 仅限本机地址）");
	return NULL;
}

int up_client_add(struct up_command_line *l)
{
	struct up_ctl *ctl = l->program;
	const char *secret_file = l->values[SECRET_FILE], *wrong = wrong_input(l);
	char secret[SECRET_TEXT + 1] = "", *jwks = NULL;
	struct up_client c = { .is_static = l->values[STATIC_QR] != NULL };
	int status = 1;
	enum up_err err;

	if (wrong != NULL)
		return up_ctl_fail(ctl, "client", "%s", wrong);
	if (l->values[JWKS] != NULL && secret_file != NULL)
		up_command_wrong("--jwks and --secret-file exclude each other: a client with keys has no secret");
	if (!up_ctl_open(ctl))
		return 1;
	if (l->values[JWKS] != NULL ? (jwks = read_jwks(ctl, l->values[JWKS])) == NULL : !draw_secret(ctl, &c, secret))
		goto out;
	c.id = strdup(l->argument);
	c.name = strdup(l->values[NAME]);
	c.origin = strdup(l->values[ORIGIN]);
	c.jwks = jwks;
	if (c.id == NULL || c.name == NULL || c.origin == NULL)
		goto out;
	if (secret_file != NULL && !put_secret_file(ctl, secret_file, secret))
		goto out;
	err = up_store_client_put(ctl->store, &c, ctl->now_ms);
	if (err == UP_OK) {
		status = report(ctl, &c, secret, secret_file);
		goto out;
	}
	if (secret_file != NULL)
		unlink(secret_file);
	if (err == UP_E_STATE)
		up_ctl_fail(ctl, "taken", up_say("there is a client '%s' already", "业务系统“%s”已存在"), c.id);
	else
		up_ctl_fail_err(ctl, err, c.id);
out:
	free(c.id);
	free(c.name);
	free(c.origin);
	free(jwks);
	up_wipe(secret, sizeof(secret));
	return status;
}

static json_t *client_json(const struct up_client *c)
{
	return json_pack("{s:s, s:s, s:s, s:b, s:s, s:s}", "client_id", c->id, "name", c->name, "origin", c->origin, "static_qr", c->is_static,
	    "authentication", c->has_secret ? "client_secret" : "private_key_jwt", "items", c->items != NULL ? c->items : "");
}

int up_client_list(struct up_command_line *l)
{
	const char *const heads[] = { "ID", up_say("NAME", "名称"), up_say("ORIGIN", "来源"), up_say("QR", "二维码"), up_say("AUTHENTICATION", "认证方式"), up_say("ITEMS", "事项") };
	struct up_ctl *ctl = l->program;
	struct up_table *t = up_table_new(heads, UP_ARRAY_LEN(heads));
	struct up_client **clients = NULL;
	json_t *list = json_array();
	int status = 1;
	enum up_err err;
	size_t n = 0;

	if (t == NULL || !up_ctl_open(ctl))
		goto out;
	err = up_store_clients(ctl->store, &clients, &n);
	for (size_t i = 0; i < n; i++) {
		const struct up_client *c = clients[i];
		const char *const row[] = { c->id, c->name, c->origin, c->is_static ? "static" : "animated",
			c->has_secret ? "client_secret" : "private_key_jwt", c->items };

		for (size_t k = 0; k < UP_ARRAY_LEN(row); k++)
			up_table_put(t, up_span_str(row[k]));
		json_array_append_new(list, client_json(c));
	}
	if (err == UP_OK && !ctl->json)
		err = up_table_print(t, stdout);
	if (err != UP_OK)
		status = up_ctl_fail_err(ctl, err, "client list");
	else
		status = ctl->json ? up_ctl_print(ctl, json_pack("{s:O}", "clients", list)) : 0;
out:
	up_store_clients_free(&clients, n);
	up_table_free(&t);
	json_decref(list);
	return status;
}
