/* SPDX-License-Identifier: Apache-2.0
 * What pam_unitpass shows: the picture, module by module against libqrencode's, the words, the
 * purpose. And the packets. */
#include <qrencode.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/text.h"
#include "module/pam/draw.h"
#include "module/pam/texts.h"
#include "module/pam/wire.h"
#include "unit.h"

#define TEXT "https://id.example.org/q/AAAAAAAAAAAAAAAAAAAAAA"
#define SIDE_MAX 80

/* Ink of a line of half blocks; the number of columns. */
static int ink_of(struct up_span line, bool above[SIDE_MAX], bool below[SIDE_MAX])
{
	int n = 0;

	for (uint32_t cp; line.n > 0 && n < SIDE_MAX; n++) {
		size_t used = up_text_utf8_next(line, &cp);

		CU_ASSERT_FATAL(
		    used > 0 && (cp == ' ' || cp == 0x2580 || cp == 0x2584 || cp == 0x2588));
		above[n] = cp == 0x2580 || cp == 0x2588;
		below[n] = cp == 0x2584 || cp == 0x2588;
		line = up_span_of(line.p + used, line.n - used);
	}
	return n;
}

static bool dark(const QRcode *q, int x, int y)
{
	return x >= 0 && y >= 0 && x < q->width && y < q->width &&
	    (q->data[y * q->width + x] & 1) != 0;
}

static void check_picture(enum up_draw_style style, bool ink_is_dark)
{
	QRcode *q = QRcode_encodeData(
	    sizeof(TEXT) - 1, (const unsigned char *)TEXT, 0, QR_ECLEVEL_L);
	bool rows[2][SIDE_MAX];
	struct up_buf b = { 0 };
	struct up_span rest, line;
	int y = -4;

	CU_ASSERT_EQUAL_FATAL(up_draw_lines(&b, UP_SPAN_LIT(TEXT), style), UP_OK);
	for (rest = up_buf_span(&b); rest.n > 0; y += 2) {
		CU_ASSERT(up_span_cut(rest, '\n', &line, &rest));
		CU_ASSERT(line.n < 450);
		CU_ASSERT_EQUAL(ink_of(line, rows[0], rows[1]), q->width + 8);
		for (int i = 0; i < 2 * (q->width + 8); i++)
			CU_ASSERT(
			    (rows[i % 2][i / 2] == ink_is_dark) == dark(q, i / 2 - 4, y + i % 2));
	}
	CU_ASSERT(y >= q->width + 4);
	CU_ASSERT_EQUAL(q->width, 29);
	QRcode_free(q);
	up_buf_free(&b);
}

static void test_picture(void)
{
	check_picture(UP_DRAW_DARK, false);
	check_picture(UP_DRAW_LIGHT, true);
}

static void test_colour(void)
{
	struct up_buf b = { 0 };
	struct up_span rest, line;

	CU_ASSERT_EQUAL(up_draw_lines(&b, UP_SPAN_LIT(TEXT), UP_DRAW_COLOUR), UP_OK);
	for (rest = up_buf_span(&b); rest.n > 0;) {
		up_span_cut(rest, '\n', &line, &rest);
		CU_ASSERT(up_span_starts(line, "\x1b[38;5;16;48;5;231m") && line.n < 450);
		CU_ASSERT(memcmp(line.p + line.n - 4, "\x1b[0m", 4) == 0);
	}
	up_buf_free(&b);
}

static void test_limits(void)
{
	uint8_t many[600];
	struct up_buf b = { 0 };

	memset(many, 'a', sizeof(many));
	CU_ASSERT_EQUAL(up_draw_lines(&b, up_span_of(many, 0), UP_DRAW_DARK), UP_E_TOO_LARGE);
	CU_ASSERT_EQUAL(up_draw_lines(&b, up_span_of(many, 500), UP_DRAW_DARK), UP_E_TOO_LARGE);
	CU_ASSERT_EQUAL(up_draw_lines(&b, up_span_of(many, 600), UP_DRAW_DARK), UP_E_TOO_LARGE);
	CU_ASSERT_EQUAL(b.n, 0);
	up_buf_free(&b);
}

static void test_words(void)
{
	static const struct { const char *locale; bool utf8; enum up_texts_lang lang;
	} rows[] = {
		{ "", false, UP_TEXTS_EN },
		{ "C", false, UP_TEXTS_EN },
		{ "C.UTF-8", true, UP_TEXTS_EN },
		{ "en_GB.utf8", true, UP_TEXTS_EN },
		{ "zh_CN.UTF-8", true, UP_TEXTS_ZH },
		{ "zh_CN.utf8@x", true, UP_TEXTS_ZH },
		{ "zh_CN.GB18030", false, UP_TEXTS_EN },
		{ "zh_CN", false, UP_TEXTS_EN },
		{ "de_DE.UTF-80", false, UP_TEXTS_EN },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		UP_CHECK(
		    up_texts_utf8(up_span_str(rows[i].locale)) == rows[i].utf8, rows[i].locale);
		UP_CHECK(
		    up_texts_lang_of(up_span_str(rows[i].locale)) == rows[i].lang, rows[i].locale);
	}
	for (int key = 0; key < UP_TEXTS_N; key++) {
		struct up_span en = up_span_str(up_texts_get(UP_TEXTS_EN, (enum up_texts_key)key));

		CU_ASSERT(en.n > 0 && up_texts_get(UP_TEXTS_ZH, (enum up_texts_key)key) != NULL);
		for (size_t i = 0; i < en.n; i++)
			CU_ASSERT(en.p[i] >= 0x20 && en.p[i] < 0x7f);
	}
}

static void test_purpose(void)
{
	static const struct {
		enum up_texts_lang lang;
		const char *service, *host, *user, *want;
	} rows[] = {
		{ UP_TEXTS_EN, "sshd", "db1", "alice", "ssh login to db1 as alice" },
		{ UP_TEXTS_ZH, "sshd", "db1", "alice", "SSH 登录 db1，账号 alice" },
		{ UP_TEXTS_EN, "sudo", "db1", "alice", "sudo on db1 as alice" },
		{ UP_TEXTS_ZH, "sudo", "db1", "alice", "使用 sudo，主机 db1，账号 alice" },
		{ UP_TEXTS_EN, "sshd", "a-very-long-host-name.example.org",
		    "abcdefghijklmnopqrstuvwxyz012345",
		    "ssh login to a-very-lon… as abcdefghijklmnopqrstuvwxyz012345" },
		{ UP_TEXTS_EN, "sshd", "db1", "a\nb\xe2\x80\xae",
		    "ssh login to db1 as a\xef\xbf\xbd"
		    "b\xef\xbf\xbd" },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_buf b = { 0 };

		up_texts_purpose(&b, rows[i].lang, up_span_str(rows[i].service),
		    up_span_str(rows[i].host), up_span_str(rows[i].user));
		UP_CHECK_TEXT(up_buf_span(&b), rows[i].want);
		CU_ASSERT(up_text_utf8_count(up_buf_span(&b)) <= UP_TEXTS_PURPOSE_MAX);
		up_buf_free(&b);
	}
}

static void test_wire(void)
{
	static uint8_t buf[UP_WIRE_MAX], big[UP_WIRE_MAX + 100];
	struct up_span text;
	char kind;
	int pair[2];

	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	CU_ASSERT_EQUAL(up_wire_receive(pair[0], 20, buf, &kind, &text), UP_E_EXPIRED);
	CU_ASSERT_EQUAL(up_wire_send(pair[1], UP_WIRE_INFO, UP_SPAN_LIT("hello")), UP_OK);
	CU_ASSERT_EQUAL(up_wire_send(pair[1], UP_WIRE_GO, (struct up_span){ 0 }), UP_OK);
	CU_ASSERT_EQUAL(up_wire_receive(pair[0], 20, buf, &kind, &text), UP_OK);
	CU_ASSERT_EQUAL(kind, UP_WIRE_INFO);
	UP_CHECK_TEXT(text, "hello");
	CU_ASSERT_EQUAL(up_wire_receive(pair[0], 20, buf, &kind, &text), UP_OK);
	CU_ASSERT(kind == UP_WIRE_GO && text.n == 0);
	CU_ASSERT_EQUAL(
	    up_wire_send(pair[1], UP_WIRE_INFO, up_span_of(big, UP_WIRE_MAX)), UP_E_TOO_LARGE);
	CU_ASSERT_EQUAL(send(pair[1], big, sizeof(big), 0), (ssize_t)sizeof(big));
	CU_ASSERT_EQUAL(up_wire_receive(pair[0], 20, buf, &kind, &text), UP_E_IO);
	CU_ASSERT_EQUAL(send(pair[1], big, 0, 0), 0);
	CU_ASSERT_EQUAL(up_wire_receive(pair[0], 20, buf, &kind, &text), UP_E_IO);
	/* the verdict of one who has gone is still to be had, then nothing, and no signal */
	CU_ASSERT_EQUAL(up_wire_send(pair[1], UP_WIRE_VERDICT, UP_SPAN_LIT("d")), UP_OK);
	close(pair[1]);
	CU_ASSERT_EQUAL(up_wire_send(pair[0], UP_WIRE_GO, (struct up_span){ 0 }), UP_E_IO);
	CU_ASSERT_EQUAL(up_wire_receive(pair[0], 20, buf, &kind, &text), UP_OK);
	CU_ASSERT_EQUAL(kind, UP_WIRE_VERDICT);
	CU_ASSERT_EQUAL(up_wire_receive(pair[0], 20, buf, &kind, &text), UP_E_IO);
	close(pair[0]);
}

UP_SUITE("pam_draw", test_picture, test_colour, test_limits, test_words, test_purpose, test_wire)
