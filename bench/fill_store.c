/* SPDX-License-Identifier: Apache-2.0 */
#include "fill.h"

#include <openssl/rand.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "measure.h"

#include "core/day.h"
#include "core/enrolment.h"
#include "core/hash.h"
#include "core/text.h"
#include "server/database.h"
#include "server/keys/data_keys.h"
#include "server/keys/keys.h"

struct up_fill {
	struct up_config *config;
	struct up_data_keys *keys;
	struct up_store *store;
	uint8_t password[32];
	pthread_mutex_t lock;
	pthread_cond_t over;
	size_t running;
};

/* --- the store --- */

static void tell(char level, const char *line)
{
	if (level == 'e')
		up_bench_complain("fill: %s", line);
}

static enum up_err open_store(struct up_fill *f, const char *file)
{
	struct up_store_settings set = { .log = tell, .writer = true, .administrator = "bench" };
	struct up_keys *keys = NULL;
	struct up_buf secret = { 0 };
	char why[512] = "";
	enum up_err err = up_config_read(file, &f->config, why);

	if (err == UP_OK)
		err = up_data_keys_open(f->config->keys, &f->keys, why);
	set.data_keys = f->keys;
	if (err == UP_OK)
		err = up_database_settings(f->config, &set, &secret, why);
	if (err == UP_OK)
		err = up_keys_load(f->config->keys, &keys, why);
	if (err == UP_OK)
		memcpy(set.password_key, keys->password, sizeof(set.password_key));
	if (err == UP_OK)
		err = up_store_open(&set, &f->store, why);
	up_buf_free(&secret);
	up_keys_free(&keys);
	if (err != UP_OK)
		up_bench_complain("fill: %s: %s", file, why);
	return err;
}

struct up_fill *up_fill_open(const char *file, const char *password)
{
	struct up_fill *f = calloc(1, sizeof(*f));

	if (f == NULL)
		abort();
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->over, NULL);
	if (up_text_b64url_fixed(
		up_span_str(password), f->password, sizeof(f->password)) != UP_OK ||
	    open_store(f, file) != UP_OK)
		up_fill_close(&f);
	return f;
}

void up_fill_close(struct up_fill **f)
{
	if (*f == NULL)
		return;
	up_store_close(&(*f)->store);
	up_data_keys_free(&(*f)->keys);
	up_config_free(&(*f)->config);
	free(*f);
	*f = NULL;
}

/* --- people --- */

static void draw(void *out, size_t n)
{
	if (RAND_bytes(out, (int)n) != 1)
		abort();
}

static void draw_text(char *out, size_t n /* bytes, at most 32 */)
{
	uint8_t random[32];

	draw(random, n);
	up_text_b64url(up_span_of(random, n), out);
	out[(4 * n + 2) / 3] = '\0';
}

void up_fill_person(struct up_fill_one *p, long number)
{
	static const char *const surnames[] = { "赵", "钱", "孙", "李", "周", "吴", "郑", "王" };
	static const char *const names[] = { "一", "二", "三", "四", "五", "六", "七", "八" };
	static const int weights[] = { 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2 };
	const unsigned n = (unsigned)number;
	int sum = 0;

	memset(p, 0, sizeof(*p));
	snprintf(p->name, sizeof(p->name), "%s%s%s", surnames[n % 8], names[n / 8 % 8],
	    names[n / 64 % 8]);
	snprintf(p->resident, sizeof(p->resident), "430198%04u%02u%02u%03u",
	    1940 + n / 336000 % 60, n / 28000 % 12 + 1, n / 1000 % 28 + 1, n % 1000);
	for (int i = 0; i < 17; i++)
		sum += (p->resident[i] - '0') * weights[i];
	p->resident[17] = "10X98765432"[sum % 11];
	snprintf(p->mobile, sizeof(p->mobile), "138%08u", n % 100000000);
}

static struct up_named named(const struct up_fill_one *p)
{
	return (struct up_named){ up_span_str(p->name), up_span_str(p->resident),
		up_span_str(p->mobile) };
}

bool up_fill_known(struct up_fill *f, const char *token, struct up_fill_one *p)
{
	const struct up_span text = up_span_str(token);
	struct up_device device;
	struct up_role **roles = NULL;
	uint8_t hash[32];
	size_t n = 0;

	memset(p, 0, sizeof(*p));
	if (up_hash_sha256(&text, 1, hash) != UP_OK ||
	    up_store_device(f->store, hash, &device) != UP_OK ||
	    up_store_roles(f->store, device.id, &roles, &n) != UP_OK || n != 1) {
		up_bench_complain("fill: a phone that is not known, or holds not one role");
		return false;
	}
	p->device = device.id;
	p->role = roles[0]->id;
	memcpy(p->ref, roles[0]->ref, sizeof(p->ref));
	up_store_roles_free(&roles, n);
	return true;
}

/* --- steps --- */

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void begin(struct up_fill_step *s, enum up_op_kind kind, struct up_fill_one *one)
{
	memset(s, 0, sizeof(*s));
	s->of.op.kind = kind;
	s->of.op.now_ms = now_ms();
	s->one = one;
}

static void begin_by(const struct up_fill *f, struct up_fill_step *s, enum up_op_kind kind,
    const struct up_fill_one *by, struct up_fill_one *one)
{
	struct up_op_by *head = (void *)&s->of;

	begin(s, kind, one);
	head->device = by->device;
	head->role = by->role;
	memcpy(head->password, f->password, sizeof(head->password));
}

/* The name is invented, but as long as that of a code that was drawn. */
static void new_code(struct up_fill_one *p, uint8_t out[32])
{
	draw(p->code, sizeof(p->code));
	memcpy(out, p->code, 32);
}

void up_fill_window(
    struct up_fill *f, struct up_fill_step *s, const char *unit, struct up_fill_one *p)
{
	struct up_op_code *ask = &s->of.window;

	(void)f;
	begin(s, UP_OP_CODE, p);
	ask->unit = up_span_str(unit);
	ask->role = UP_SPAN_LIT("principal");
	ask->outcome = UP_SPAN_LIT("match");
	ask->assurance = UP_SPAN_LIT("roster");
	ask->clerk = UP_SPAN_LIT("bench");
	ask->window = UP_SPAN_LIT("1");
	ask->named = named(p);
	ask->expires_ms = s->of.op.now_ms + UP_ENROLMENT_LIFE_MS;
	new_code(p, ask->code_hash);
}

void up_fill_add(struct up_fill *f, struct up_fill_step *s, const struct up_fill_one *by,
    enum up_authority_role role, struct up_fill_one *p)
{
	struct up_op_people_add *ask = &s->of.add;

	begin_by(f, s, UP_OP_PEOPLE_ADD, by, p);
	ask->role = role;
	ask->named = named(p);
	ask->outcome = UP_SPAN_LIT("match");
	ask->assurance = UP_SPAN_LIT("roster");
	ask->may_authorise = true;
	ask->expires_ms = s->of.op.now_ms + UP_ENROLMENT_LIFE_MS;
	new_code(p, ask->code_hash);
}

void up_fill_again(struct up_fill *f, struct up_fill_step *s, const struct up_fill_one *by,
    struct up_fill_one *p)
{
	struct up_op_people_code *ask = &s->of.again;

	begin_by(f, s, UP_OP_PEOPLE_CODE, by, p);
	ask->role = UP_ROLE_USER;
	ask->ref = up_span_str(p->ref);
	ask->expires_ms = s->of.op.now_ms + UP_ENROLMENT_LIFE_MS;
	new_code(p, ask->code_hash);
}

void up_fill_grant(struct up_fill *f, struct up_fill_step *s, const struct up_fill_one *by,
    const struct up_span *users, size_t n, const struct up_span *item)
{
	struct up_op_grant_add *ask = &s->of.grant;
	int64_t start_s = 0;

	begin_by(f, s, UP_OP_GRANT_ADD, by, NULL);
	ask->users = users;
	ask->n_users = n;
	ask->items = item;
	ask->n_items = 1;
	ask->from_day = up_day_number(s->of.op.now_ms / 1000);
	if (up_day_start(ask->from_day, &start_s) != UP_OK)
		abort();
	ask->to_day = up_day_number(start_s + 300 * UP_DAY_S);
	draw(s->hashes, sizeof(s->hashes));
	ask->code_hashes = (const uint8_t (*)[32])s->hashes;
	ask->expires_ms = s->of.op.now_ms + UP_ENROLMENT_LIFE_MS;
}

static void new_phone(struct up_fill_step *s, struct up_fill_one *p)
{
	struct up_op_enrol *ask = &s->of.enrol;
	struct up_span text;

	draw_text(p->phone, 16);
	draw_text(p->token, 32);
	text = up_span_str(p->token);
	ask->device_ref = up_span_str(p->phone);
	ask->device_name = UP_SPAN_LIT("bench");
	if (up_hash_sha256(&text, 1, ask->device_token_hash) != UP_OK)
		abort();
	if (p->key != NULL)
		up_jwk_public(p->key, ask->device_key);
	else
		draw(ask->device_key, sizeof(ask->device_key));
}

void up_fill_enrol(struct up_fill *f, struct up_fill_step *s, struct up_fill_one *p)
{
	struct up_op_enrol *ask = &s->of.enrol;

	begin(s, UP_OP_ENROL, p);
	memcpy(ask->code_hash, p->code, sizeof(ask->code_hash));
	s->named = named(p);
	ask->named = &s->named;
	ask->statement_version = UP_SPAN_LIT("bench");
	ask->device = p->device;
	memcpy(ask->password, f->password, sizeof(ask->password));
	if (p->device == 0)
		new_phone(s, p);
}

/* --- running them --- */

static void ended(struct up_op *op)
{
	struct up_fill *f = op->arg;

	pthread_mutex_lock(&f->lock);
	if (--f->running == 0)
		pthread_cond_signal(&f->over);
	pthread_mutex_unlock(&f->lock);
}

static bool take(struct up_fill_step *s)
{
	const struct up_op_enrol *enrol = &s->of.enrol;
	bool good = s->of.op.err == UP_OK;

	if (!good)
		up_bench_complain("fill: operation %d: %s", (int)s->of.op.kind,
		    up_err_name(s->of.op.err));
	if (good && s->of.op.kind == UP_OP_PEOPLE_ADD)
		memcpy(s->one->ref, s->of.add.out_ref, sizeof(s->one->ref));
	if (good && s->of.op.kind == UP_OP_ENROL) {
		s->one->device = enrol->out_device;
		s->one->role = enrol->out_role->id;
		memcpy(s->one->ref, enrol->out_role->ref, sizeof(s->one->ref));
	}
	up_op_clear(&s->of.op);
	return good;
}

static bool run_batch(struct up_fill *f, struct up_fill_step *s, size_t n)
{
	bool good = true;

	f->running = n;
	for (size_t i = 0; i < n; i++) {
		s[i].of.op.done = ended;
		s[i].of.op.arg = f;
		if (up_store_submit(f->store, &s[i].of.op) != UP_OK)
			abort();         /* nobody else fills the queue */
	}
	pthread_mutex_lock(&f->lock);
	while (f->running > 0)
		pthread_cond_wait(&f->over, &f->lock);
	pthread_mutex_unlock(&f->lock);
	for (size_t i = 0; i < n; i++)
		good = take(&s[i]) && good;
	return good;
}

bool up_fill_run(struct up_fill *f, struct up_fill_step *s, size_t n)
{
	bool good = true;

	for (size_t i = 0; good && i < n; i += UP_FILL_BATCH)
		good = run_batch(f, s + i, n - i < UP_FILL_BATCH ? n - i : UP_FILL_BATCH);
	return good;
}
