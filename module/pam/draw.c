/* SPDX-License-Identifier: Apache-2.0 */
#include "module/pam/draw.h"

#include <errno.h>
#include <qrencode.h>

#define QUIET 4
#define COLUMNS 80
#define TEXT_MAX 512
#define BLACK_ON_WHITE "\x1b[38;5;16;48;5;231m"
#define PLAIN "\x1b[0m"

static bool is_dark(const QRcode *q, int x, int y)
{
	if (x < 0 || y < 0 || x >= q->width || y >= q->width)
		return false;
	return (q->data[y * q->width + x] & 1) != 0;
}

enum up_err up_draw_lines(struct up_buf *b, struct up_span text, enum up_draw_style style)
{
	static const char *const halves[] = { " ", "▄", "▀", "█" };      /* by ink above, below */
	const bool ink = style != UP_DRAW_DARK;
	QRcode *q;

	if (text.n == 0 || text.n > TEXT_MAX)
		return UP_E_TOO_LARGE;
	q = QRcode_encodeData((int)text.n, text.p, 0, QR_ECLEVEL_L);
	if (q == NULL)
		return errno == ERANGE ? UP_E_TOO_LARGE : UP_E_NOMEM;
	if (q->width + 2 * QUIET > COLUMNS) {
		QRcode_free(q);
		return UP_E_TOO_LARGE;
	}
	for (int y = -QUIET; y < q->width + QUIET; y += 2) {
		if (style == UP_DRAW_COLOUR)
			up_buf_put_str(b, BLACK_ON_WHITE);
		for (int x = -QUIET; x < q->width + QUIET; x++)
			up_buf_put_str(b,
			    halves[(is_dark(q, x, y) == ink) * 2 + (is_dark(q, x, y + 1) == ink)]);
		up_buf_put_str(b, style == UP_DRAW_COLOUR ? PLAIN "\n" : "\n");
	}
	QRcode_free(q);
	return b->failed ? UP_E_NOMEM : UP_OK;
}
