/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "tools/holder/act.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/normal.h"
#include "tools/common/terminal.h"
#include "tools/common/words.h"
#include "tools/holder/again.h"

#define PASSWORD_TRIES 6
#define UNKNOWN_KEY "idempotency_key_reused"

/* --- for which unit --- */

static int take_number(struct up_holder_act *x, struct up_span number)
{
	struct up_normal_fault fault;

	if (up_normal_take(number, UP_NORMAL_LINE, x->certificate, sizeof(x->certificate),
	    &fault) == UP_OK && x->certificate[0] != '\0')
		return 0;
	return up_holder_fail(x->h, UP_COMMAND_USAGE, "certificate", "%s",
	    up_say("--certificate: this is no certificate number", "--certificate：不是证书号"));
}

static const json_t *kept_certificate(const struct up_holder *h, size_t i)
{
	return json_object_get(json_array_get(h->certificates, i), "certificate");
}

static bool is_live(const json_t *c)
{
	return !json_is_false(json_object_get(c, "live"));
}

static void print_choice(size_t n, const json_t *c)
{
	struct up_buf role = { 0 };

	up_words_put_role(&role, up_holder_text(c, "role"));
	fprintf(stderr, "  %zu  ", n);
	up_terminal_put(stderr, up_holder_text(c, "unit_name"), 60);
	fputs("  ", stderr);
	up_terminal_put(stderr, up_holder_text(c, "certificate"), 60);
	fprintf(stderr, "  %s\n", role.failed ? "" : up_buf_cstr(&role));
	up_buf_free(&role);
}

static const json_t *ask_which(const json_t *all)
{
	char line[16];
	uint64_t n;

	for (size_t i = 0; i < json_array_size(all); i++)
		print_choice(i + 1, json_array_get(all, i));
	if (up_terminal_ask(up_say("For which unit? ", "代表哪个单位办理？"), line, sizeof(line)) !=
	    UP_OK)
		return NULL;
	if (up_span_u64(up_span_str(line), json_array_size(all), &n) != UP_OK || n == 0)
		return NULL;
	return json_array_get(all, n - 1);
}

static int choose(struct up_holder_act *x, const json_t *all)
{
	const json_t *c, *only = NULL;
	bool several = false;
	size_t i;

	json_array_foreach(all, i, c) {
		if (!is_live(c))
			continue;
		several = several || (only != NULL && !up_span_eq(up_holder_text(c, "certificate"),
		    up_holder_text(only, "certificate")));
		only = only != NULL ? only : c;
	}
	if (several && (x->h->json || !up_terminal_there()))
		return up_holder_fail(x->h, UP_COMMAND_USAGE, "certificate", "%s",
		    up_say("this phone has several certificates: say for which unit with "
			   "--certificate NO",
			"本手机有多个证书：请用 --certificate NO 指定代表哪个单位"));
	only = several ? ask_which(all) : only;
	if (only != NULL)
		return take_number(x, up_holder_text(only, "certificate"));
	return up_holder_fail(x->h, UP_HOLDER_REFUSED, "certificate", "%s",
	    several ? up_say("no certificate chosen; nothing was done", "未选择证书，未办理")
		    : up_say("this phone has no certificate that is in force",
			  "本手机上没有有效的证书"));
}

/* The one that this phone keeps, or one of those that the server says are in force. */
static int choose_certificate(struct up_holder_act *x)
{
	const struct up_holder_call c = { .method = "GET", .path = "/holder/certificates" };
	enum up_err err;
	int status;

	if (json_array_size(x->h->certificates) == 1)
		return take_number(x, up_holder_text(kept_certificate(x->h, 0), "certificate"));
	err = up_holder_call(x->h, &c, &x->answer);
	if (err != UP_OK)
		return up_holder_fail(x->h, UP_HOLDER_FAILED, up_err_name(err), "%s", x->h->why);
	if (x->answer.status != 200)
		return up_holder_refused(x->h, &x->answer);
	status = choose(x, json_object_get(x->answer.body, "certificates"));
	up_holder_answer_free(&x->answer);
	return status;
}

static void check_number(const struct up_command_line *l, int key, uint64_t max, const char *wrong)
{
	uint64_t n;

	if (l->values[key] != NULL &&
	    (up_span_u64(up_span_str(l->values[key]), max, &n) != UP_OK || n == 0))
		up_command_wrong("%s", wrong);
}

int up_holder_act_begin(struct up_holder_act *x, struct up_command_line *l)
{
	*x = (struct up_holder_act){ .h = l->program, .line = l };
	check_number(l, UP_ACT_BEFORE, INT64_MAX,
	    up_say("--before: the number after which to go on", "--before：应为序号"));
	check_number(l, UP_ACT_LIMIT, 500,
	    up_say("--limit: a number from 1 to 500", "--limit：应为 1 至 500 的整数"));
	if (!up_holder_open(x->h, false))
		return UP_HOLDER_FAILED;
	if (l->values[UP_ACT_CERTIFICATE] != NULL)
		return take_number(x, up_span_str(l->values[UP_ACT_CERTIFICATE]));
	return choose_certificate(x);
}

void up_holder_act_end(struct up_holder_act *x)
{
	up_holder_answer_free(&x->answer);
}

/* --- reading --- */

static int conclude(struct up_holder_act *x, enum up_err err)
{
	if (err != UP_OK)
		return up_holder_fail(x->h, UP_HOLDER_FAILED, up_err_name(err), "%s", x->h->why);
	return x->answer.status == 200 || x->answer.status == 201
	    ? 0
	    : up_holder_refused(x->h, &x->answer);
}

static int read_query(struct up_holder_act *x, const char *path, struct up_buf *query)
{
	const struct up_holder_call c = {
		.method = "GET", .path = path, .query = up_buf_cstr(query) };
	enum up_err err = UP_E_NOMEM;

	up_holder_answer_free(&x->answer);
	if (c.query != NULL)
		err = up_holder_call(x->h, &c, &x->answer);
	else
		snprintf(x->h->why, sizeof(x->h->why), "%s", up_err_reply(UP_E_NOMEM)->en);
	up_buf_free(query);
	return conclude(x, err);
}

int up_holder_act_get(struct up_holder_act *x, const char *path, const char *more)
{
	struct up_buf query = { 0 };

	up_holder_query_put(&query, "certificate", x->certificate);
	up_buf_printf(&query, "%s%s", more != NULL ? "&" : "", more != NULL ? more : "");
	return read_query(x, path, &query);
}

int up_holder_act_page(struct up_holder_act *x, const char *path, const char *more)
{
	struct up_buf query = { 0 };

	up_holder_query_put(&query, "certificate", x->certificate);
	up_holder_query_put(&query, "before", x->line->values[UP_ACT_BEFORE]);
	up_holder_query_put(&query, "limit", x->line->values[UP_ACT_LIMIT]);
	up_buf_printf(&query, "%s%s", more != NULL ? "&" : "", more != NULL ? more : "");
	return read_query(x, path, &query);
}

/* --- changing --- */

/* Did the server judge it? Else it may be asked again under the same key. */
static bool is_answered(enum up_err err, const struct up_holder_answer *a)
{
	return err == UP_OK && a->status < 500 && a->status != 429;
}

static bool is_error(const struct up_holder_act *x, const char *error)
{
	return up_span_eq_str(up_holder_text(x->answer.body, "error"), error);
}

static enum up_err send_once(
    struct up_holder_act *x, const char *path, json_t *body, const struct up_holder_again *a)
{
	const struct up_holder_call c = {
		.method = "POST", .path = path, .body = body, .key = a->key };

	up_holder_answer_free(&x->answer);
	return up_holder_call(x->h, &c, &x->answer);
}

/* A cut connection leaves open whether it was done: asking again under the same key does it once,
 * and so does the same command later. A key that came with another password was refused for it. */
static int send_change(
    struct up_holder_act *x, const char *path, json_t *body, struct up_holder_again *a)
{
	enum up_err err = send_once(x, path, body, a);

	if (err == UP_E_UPSTREAM) {
		nanosleep(&(struct timespec){ .tv_sec = 1 }, NULL);
		err = send_once(x, path, body, a);
	}
	if (err == UP_OK && is_error(x, UNKNOWN_KEY)) {
		if (!up_holder_again_renew(x->h, a))
			return UP_HOLDER_FAILED;
		err = send_once(x, path, body, a);
	}
	if (is_answered(err, &x->answer))
		up_holder_again_answered(x->h, a);
	else
		fprintf(stderr, "%s\n",
		    up_say("Whether it was done is not known: give the same command again, it is "
			   "done once.",
			"是否已办理尚不确定：请再次执行同一命令，不会重复办理。"));
	return conclude(x, err);
}

/* Asks for the password, and puts it into BODY, whose key is another one then after a wrong one. */
static int put_password(
    struct up_holder_act *x, const char *path, json_t *body, struct up_holder_again *a)
{
	char password[44] = "";
	int status = up_holder_password(
	    x->h, x->line->values[UP_ACT_PASSWORD_FILE], NULL, password);
	bool good = status == 0 && (a->file[0] != '\0' ? up_holder_again_renew(x->h, a)
						       : up_holder_again_take(x->h, path, body, a));

	if (status == 0 && !good)
		status = UP_HOLDER_FAILED;
	if (status == 0 && json_object_set_new(body, "password", json_string(password)) != 0)
		status = up_holder_fail_err(x->h, UP_HOLDER_FAILED, UP_E_NOMEM);
	up_wipe(password, sizeof(password));
	return status;
}

static int with_password(struct up_holder_act *x, const char *path, json_t *body)
{
	bool from_file = x->line->values[UP_ACT_PASSWORD_FILE] != NULL;
	struct up_holder_again a = { 0 };
	int status;

	for (int tries = 1;; tries++) {
		status = put_password(x, path, body, &a);
		if (status != 0)
			return status;
		status = send_change(x, path, body, &a);
		if (status == 0 || from_file || tries == PASSWORD_TRIES ||
		    !is_error(x, "wrong_password"))
			return status;
	}
}

int up_holder_act_change(struct up_holder_act *x, const char *path, json_t *body)
{
	int status;

	if (body == NULL ||
	    json_object_set_new(body, "certificate", json_string(x->certificate)) != 0)
		status = up_holder_fail_err(x->h, UP_HOLDER_FAILED, UP_E_NOMEM);
	else
		status = with_password(x, path, body);
	json_decref(body);
	return status;
}

int up_holder_act_agree(const struct up_holder_act *x, const char *question)
{
	if (x->line->values[UP_ACT_YES] != NULL)
		return 0;
	if (x->h->json)
		return up_holder_fail(x->h, UP_COMMAND_USAGE, "consent", "%s",
		    up_say("--json asks no questions: give --yes", "--json 不会询问：请给出 --yes"));
	if (up_holder_ask(question))
		return 0;
	return up_holder_fail(x->h, UP_HOLDER_REFUSED, "cancelled", "%s",
	    up_say("nothing was done", "未办理"));
}

/* --- paths --- */

void up_holder_act_path(char out[128], const char *list, const char *ref, const char *what)
{
	if (!up_command_id(ref))
		up_command_wrong(up_say("'%s' is not a reference as the lists show it",
		    "“%s”不是列表中的编号"), ref);
	snprintf(out, 128, "%s/%s%s%s", list, ref, what != NULL ? "/" : "",
	    what != NULL ? what : "");
}
