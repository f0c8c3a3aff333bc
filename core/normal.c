/* SPDX-License-Identifier: Apache-2.0 */
#include "core/normal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uniname.h>
#include <uninorm.h>
#include <unistr.h>
#include <unictype.h>

#include "core/text.h"

#define ALONE_MAX 32                     /* one character's compatibility form: 18 at most */
#define VOTERS 64                        /* letters that decide which script is the text's own */
#define MIDDLE_DOT 0x00b7u

struct points {
	uint32_t *p;
	size_t n;
};

struct range {
	uint32_t first, last;
};

static bool within(const struct range *ranges, size_t n, uint32_t cp)
{
	for (size_t i = 0; i < n; i++)
		if (cp >= ranges[i].first && cp <= ranges[i].last)
			return true;
	return false;
}

#define WITHIN(ranges, cp) within(ranges, UP_ARRAY_LEN(ranges), cp)

static bool is(uint32_t cp, uint32_t categories)
{
	return uc_is_general_category_withtable(cp, categories);
}

/* --- single characters --- */

/* Planes 2 and 3 are set aside for ideographs: those that are newer than the library's tables stand
 * in people's names too. */
static bool ideographic_plane(uint32_t cp)
{
	return cp >= 0x20000 && cp <= 0x3fffd && (cp & 0xffff) <= 0xfffd;
}

static const char *script_of(uint32_t cp)
{
	const uc_script_t *s = ideographic_plane(cp) ? uc_script(0x4e00) : uc_script(cp);

	return s != NULL ? s->name : "";
}

static bool is_han(uint32_t cp)
{
	return strcmp(script_of(cp), "Han") == 0;
}

static bool is_blank(uint32_t cp)
{
	return uc_is_property_white_space(cp);
}

/* Letters and digits of ASCII: most of what there is. */
static bool is_plain(uint32_t cp)
{
	return cp < 0x80 && is(cp, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_Nd);
}

/* What is refused in any text, as it was given. */
static bool is_unfit(uint32_t cp, enum up_normal_why *why)
{
	if (is_blank(cp) || is_plain(cp))
		return false;
	*why = UP_NORMAL_HIDDEN;
	if (is(cp, UC_CATEGORY_MASK_Cc | UC_CATEGORY_MASK_Cf) || cp == 0x2800)
		return true;
	if (uc_is_property_default_ignorable_code_point(cp))
		return true;
	*why = UP_NORMAL_PRIVATE;
	if (cp == 0xfffc || cp == 0xfffd)
		return true;
	return !ideographic_plane(cp) &&
	    is(cp, UC_CATEGORY_MASK_Co | UC_CATEGORY_MASK_Cn | UC_CATEGORY_MASK_Cs);
}

/* Parts of characters that NFKC leaves, a Chinese ligature, the click letters: each is the image of
 * something else. */
static bool is_image(uint32_t cp)
{
	static const struct range images[] = {
		{ 0x01c0, 0x01c3 }, { 0x2e80, 0x2eff }, { 0x3006, 0x3006 }, { 0x303b, 0x303b },
		{ 0x31c0, 0x31ef },
	};

	return WITHIN(images, cp);
}

/* Latin letters as languages write them; phonetic and small ones look like these. */
static bool is_common_latin(uint32_t cp)
{
	return cp < 0x250 || (cp >= 0x1e00 && cp <= 0x1eff);
}

static bool is_letter(uint32_t cp)
{
	return ideographic_plane(cp) || cp == 0x3007 || is(cp, UC_CATEGORY_MASK_L);
}

/* Letters and their marks; the tsheg parts the syllables of a Tibetan name. */
static bool is_word(uint32_t cp)
{
	return is_letter(cp) || is(cp, UC_CATEGORY_MASK_M) || cp == 0x0f0b;
}

static bool word_unfit(uint32_t cp, enum up_normal_why *why)
{
	const char *script = script_of(cp);
	bool own = strcmp(script, "Common") != 0 && strcmp(script, "Inherited") != 0;

	*why = is(cp, UC_CATEGORY_MASK_M) ? UP_NORMAL_HIDDEN : UP_NORMAL_IMITATES;
	return !own || is_image(cp) || (strcmp(script, "Latin") == 0 && !is_common_latin(cp));
}

/* What is refused in names, as folded. */
static bool is_strange(uint32_t cp, enum up_normal kind, enum up_normal_why *why)
{
	bool line = kind == UP_NORMAL_LINE;

	if (is_word(cp))
		return word_unfit(cp, why);
	*why = is_image(cp) || (cp >= 0x80 && is(cp, UC_CATEGORY_MASK_Nd)) ? UP_NORMAL_IMITATES
	    : UP_NORMAL_STRANGE;
	if (cp == ' ' || cp == MIDDLE_DOT)
		return false;
	if (!line)
		return strchr(".'-", (int)cp) == NULL || cp >= 0x80;
	return cp >= 0x80 && !is(cp, UC_CATEGORY_MASK_P);
}

/* --- folding --- */

static uint32_t fold_one(uint32_t cp, enum up_normal kind)
{
	static const struct range dots[] = {
		{ 0x16eb, 0x16eb }, { 0x2022, 0x2022 }, { 0x2027, 0x2027 }, { 0x2219, 0x2219 },
		{ 0x22c5, 0x22c5 }, { 0x2e31, 0x2e31 }, { 0x2e33, 0x2e33 }, { 0x30fb, 0x30fb },
		{ 0xa78f, 0xa78f }, { 0x10101, 0x10101 },
	};
	static const struct range apostrophes[] = {
		{ 0x02b9, 0x02b9 }, { 0x02bc, 0x02bc }, { 0x2018, 0x2019 }, { 0x201b, 0x201b },
		{ 0x2032, 0x2032 },
	};

	if (is_blank(cp))
		return ' ';
	if (kind == UP_NORMAL_PROSE)
		return cp;
	if (is(cp, UC_CATEGORY_MASK_Pd) || cp == 0x2212)
		return '-';
	if (kind == UP_NORMAL_NUMBER)
		return cp >= 'a' && cp <= 'z' ? cp - 'a' + 'A' : cp;
	if (WITHIN(dots, cp))
		return MIDDLE_DOT;
	return kind == UP_NORMAL_PERSON && WITHIN(apostrophes, cp) ? '\'' : cp;
}

/* The forms of one character by itself; how many. */
static size_t alone(uint32_t cp, enum up_normal kind, uint32_t out[ALONE_MAX])
{
	size_t n = ALONE_MAX;
	uint32_t *form = u32_normalize(UNINORM_NFKC, &cp, 1, out, &n);

	if (form == NULL)
		return 0;
	if (form != out) {
		free(form);
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		out[i] = fold_one(out[i], kind);
	return n;
}

/* In running text only letters and digits take their plain form: its commas and brackets are
 * Chinese ones, its ① stays. */
static void fold_letters(struct points *t)
{
	uint32_t form[ALONE_MAX];

	for (size_t i = 0; i < t->n; i++) {
		bool radical = t->p[i] >= 0x2f00 && t->p[i] <= 0x2fdf;

		if ((radical || is(t->p[i], UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_Nd)) &&
		    alone(t->p[i], UP_NORMAL_PROSE, form) == 1)
			t->p[i] = form[0];
	}
}

/* Blanks: none at the ends, one for many; none at all in numbers and beside Han characters, which
 * only typists part. */
static void fold_blanks(struct points *t, enum up_normal kind)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++) {
		uint32_t after = i + 1 < t->n ? t->p[i + 1] : ' ';

		if (t->p[i] == ' ') {
			if (n == 0 || after == ' ' || kind == UP_NORMAL_NUMBER)
				continue;
			if (kind != UP_NORMAL_PROSE && (is_han(t->p[n - 1]) || is_han(after)))
				continue;
		}
		t->p[n++] = t->p[i];
	}
	t->n = n;
}

/* Certificates print the brackets in a Chinese name in their Chinese form. */
static void fold_brackets(struct points *t)
{
	bool han = false;

	for (size_t i = 0; i < t->n; i++)
		han = han || is_han(t->p[i]);
	for (size_t i = 0; han && i < t->n; i++)
		if (t->p[i] == '(' || t->p[i] == ')')
			t->p[i] = t->p[i] - '(' + 0xff08;
}

static void wipe_points(struct points *t)
{
	if (t->p != NULL)
		up_wipe(t->p, t->n * sizeof(*t->p));
	free(t->p);
	*t = (struct points){ NULL, 0 };
}

/* Into a place of ours: the library grows its own by steps, and leaves what it outgrew. */
static enum up_err fold(const struct points *raw, enum up_normal kind, struct points *out)
{
	struct points t = { malloc((raw->n + 1) * sizeof(*t.p)), raw->n };
	const uninorm_t form = kind == UP_NORMAL_PROSE ? UNINORM_NFC : UNINORM_NFKC;
	const size_t room = 2 * raw->n + 8;
	uint32_t *place = malloc(room * sizeof(*place));

	*out = (struct points){ NULL, room };
	if (t.p != NULL && place != NULL) {
		memcpy(t.p, raw->p, raw->n * sizeof(*t.p));
		if (kind == UP_NORMAL_PROSE)
			fold_letters(&t);
		out->p = u32_normalize(form, t.p, t.n, place, &out->n);
	}
	wipe_points(&t);
	if (out->p != place)
		free(place);
	if (out->p == NULL) {
		out->n = 0;
		return UP_E_NOMEM;
	}
	for (size_t i = 0; i < out->n; i++)
		out->p[i] = fold_one(out->p[i], kind);
	fold_blanks(out, kind);
	if (kind == UP_NORMAL_LINE)
		fold_brackets(out);
	return UP_OK;
}

/* --- judging --- */

/* Where in the text as it was given the folded CP came from. */
static size_t place_of(const struct points *raw, uint32_t cp, enum up_normal kind)
{
	uint32_t form[ALONE_MAX];

	for (size_t i = 0; i < raw->n; i++) {
		size_t n = alone(raw->p[i], kind, form);

		for (size_t k = 0; k < n; k++)
			if (form[k] == cp)
				return i + 1;
	}
	return 1;
}

static enum up_err refuse(struct up_normal_fault *fault, enum up_normal_why why, uint32_t cp,
    size_t place)
{
	*fault = (struct up_normal_fault){ why, cp, place };
	return UP_E_CHARACTER;
}

/* The fault names the character as it was given, not its folded form. */
static enum up_err refuse_folded(struct up_normal_fault *fault, enum up_normal_why why,
    const struct points *raw, uint32_t cp,
    enum up_normal kind)
{
	size_t place = place_of(raw, cp, kind);

	return refuse(fault, why, raw->p[place - 1], place);
}

/* Scripts that may stand together are one: in a line Chinese names hold Latin letters. */
static const char *side_of(uint32_t cp, enum up_normal kind)
{
	const char *script = script_of(cp);

	return kind == UP_NORMAL_LINE && strcmp(script, "Latin") == 0 ? "Han" : script;
}

/* The script that most letters are of, of equals the first. */
static const char *main_side(const struct points *t, enum up_normal kind)
{
	size_t n = t->n < VOTERS ? t->n : VOTERS, most = 0;
	const char *side = "";

	for (size_t i = 0; i < n; i++) {
		const char *one = is_word(t->p[i]) ? side_of(t->p[i], kind) : NULL;
		size_t votes = 0;

		for (size_t k = 0; one != NULL && k < n; k++)
			votes += is_word(t->p[k]) && strcmp(side_of(t->p[k], kind), one) == 0;
		if (votes > most) {
			most = votes;
			side = one;
		}
	}
	return side;
}

static enum up_err judge_names(const struct points *raw, const struct points *t,
    enum up_normal kind, struct up_normal_fault *fault)
{
	const char *side = NULL;
	enum up_normal_why why;
	bool mixed = false;

	for (size_t i = 0; i < t->n; i++) {
		if (is_strange(t->p[i], kind, &why))
			return refuse_folded(fault, why, raw, t->p[i], kind);
		if (!is_word(t->p[i]))
			continue;
		mixed = mixed || (side != NULL && strcmp(side_of(t->p[i], kind), side) != 0);
		side = side_of(t->p[i], kind);
	}
	if (!mixed)
		return UP_OK;
	side = main_side(t, kind);
	for (size_t i = 0; i < t->n; i++)
		if (is_word(t->p[i]) && strcmp(side_of(t->p[i], kind), side) != 0)
			return refuse_folded(fault, UP_NORMAL_IMITATES, raw, t->p[i], kind);
	return UP_OK;
}

static enum up_err judge_number(const struct points *raw, const struct points *t,
    struct up_normal_fault *fault)
{
	for (size_t i = 0; i < t->n; i++) {
		bool image = is(t->p[i], UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_N);

		if (t->p[i] >= 0x80)
			return refuse_folded(fault, image ? UP_NORMAL_IMITATES : UP_NORMAL_STRANGE,
			    raw, t->p[i], UP_NORMAL_NUMBER);
	}
	return UP_OK;
}

static enum up_err judge_prose(const struct points *raw, const struct points *t,
    struct up_normal_fault *fault)
{
	for (size_t i = 0; i < t->n; i++)
		if (is_image(t->p[i]))
			return refuse_folded(fault, UP_NORMAL_IMITATES, raw, t->p[i],
			    UP_NORMAL_PROSE);
	return UP_OK;
}

static enum up_err judge(const struct points *raw, const struct points *t, enum up_normal kind,
    struct up_normal_fault *fault)
{
	if (kind == UP_NORMAL_NUMBER)
		return judge_number(raw, t, fault);
	return kind == UP_NORMAL_PROSE ? judge_prose(raw, t, fault)
	    : judge_names(raw, t, kind, fault);
}

/* --- in and out --- */

static enum up_err decode(struct up_span in, struct points *out, struct up_normal_fault *fault)
{
	enum up_normal_why why;
	size_t step;

	out->n = 0;
	out->p = malloc((in.n + 1) * sizeof(*out->p));
	if (out->p == NULL)
		return UP_E_NOMEM;
	for (; in.n > 0; in = up_span_of(in.p + step, in.n - step)) {
		uint32_t cp;

		step = up_text_utf8_next(in, &cp);
		if (step == 0)
			return refuse(fault, UP_NORMAL_BROKEN, in.p[0], out->n + 1);
		if (is_unfit(cp, &why))
			return refuse(fault, why, cp, out->n + 1);
		out->p[out->n++] = cp;
	}
	return UP_OK;
}

static void put_points(struct up_buf *b, const struct points *t)
{
	uint8_t bytes[6];

	for (size_t i = 0; i < t->n; i++) {
		int n = u8_uctomb(bytes, t->p[i], sizeof(bytes));

		if (n > 0)
			up_buf_put(b, bytes, (size_t)n);
	}
	up_wipe(bytes, sizeof(bytes));
}

enum up_err up_normal_put(struct up_buf *out, struct up_span in, enum up_normal kind,
    struct up_normal_fault *fault)
{
	struct points raw, folded = { NULL, 0 };
	enum up_err err;

	*fault = (struct up_normal_fault){ .place = 0 };
	err = decode(in, &raw, fault);
	if (err == UP_OK)
		err = fold(&raw, kind, &folded);
	if (err == UP_OK)
		err = judge(&raw, &folded, kind, fault);
	if (err == UP_OK)
		put_points(out, &folded);
	if (err == UP_OK && out->failed)
		err = UP_E_NOMEM;
	wipe_points(&raw);
	wipe_points(&folded);
	up_wipe_stack();
	return err;
}

enum up_err up_normal_take(struct up_span in, enum up_normal kind, char *out, size_t cap,
    struct up_normal_fault *fault)
{
	struct up_buf b = { 0 };
	enum up_err err = up_normal_put(&b, in, kind, fault);

	if (err == UP_OK && b.n >= cap)
		err = UP_E_FORMAT;
	out[0] = '\0';
	if (err == UP_OK && b.n > 0)
		memcpy(out, b.p, b.n);
	if (err == UP_OK)
		out[b.n] = '\0';
	up_buf_free(&b);
	return err;
}

void up_normal_fault_text(const struct up_normal_fault *fault, bool chinese,
    char out[UP_NORMAL_FAULT_TEXT])
{
	static const char *const texts[][2] = {
		[UP_NORMAL_BROKEN] = { "is not UTF-8; save the text as UTF-8",
		    "不是 UTF-8 编码，请以 UTF-8 保存" },
		[UP_NORMAL_HIDDEN] = { "is invisible or changes its neighbours; delete it",
		    "不可见或会改变相邻文字的显示，请删除" },
		[UP_NORMAL_PRIVATE] = {
		    "is for private use, unassigned or a lost character; type it anew",
		    "是自造字、未定义或已损坏的字符，请重新输入" },
		[UP_NORMAL_IMITATES] = {
		    "is of another script or form and only looks like it; type it anew",
		    "是外形相似的其他文字或符号，请重新输入" },
		[UP_NORMAL_STRANGE] = { "does not belong here; delete or correct it",
		    "不应出现在此处，请删除或更正" },
	};
	const char *text = texts[fault->why][chinese];
	char name[UNINAME_MAX] = "";

	if (fault->why == UP_NORMAL_BROKEN) {
		snprintf(out, UP_NORMAL_FAULT_TEXT,
		    chinese ? "第 %zu 个字符（字节 %02X）%s" : "character %zu (byte %02X) %s",
		    fault->place, (unsigned)fault->cp, text);
		return;
	}
	unicode_character_name(fault->cp, name);
	snprintf(out, UP_NORMAL_FAULT_TEXT,
	    chinese ? "第 %zu 个字符（U+%04X%s%s）%s" : "character %zu (U+%04X%s%s) %s",
	    fault->place, (unsigned)fault->cp, name[0] != '\0' ? " " : "", name, text);
}
