/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/common/qr.h"

#include <errno.h>
#include <qrencode.h>

#define QUIET 4
#define BLACK_ON_WHITE "\x1b[38;5;16;48;5;231m"
#define PLAIN "\x1b[0m"

static bool dark(const QRcode *q, int x, int y)
{
	if (x < 0 || y < 0 || x >= q->width || y >= q->width)
		return false;
	return (q->data[y * q->width + x] & 1) != 0;
}

enum up_err up_qr_print(FILE *f, const char *text, bool colour)
{
	static const char *const halves[] = { " ", "▄", "▀", "█" };      /* by upper, lower */
	QRcode *q = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);

	if (q == NULL)
		return errno == ENOMEM ? UP_E_NOMEM : UP_E_TOO_LARGE;
	for (int y = -QUIET; y < q->width + QUIET; y += 2) {
		if (colour)
			fputs(BLACK_ON_WHITE, f);
		for (int x = -QUIET; x < q->width + QUIET; x++)
			fputs(halves[dark(q, x, y) * 2 + dark(q, x, y + 1)], f);
		fputs(colour ? PLAIN "\n" : "\n", f);
	}
	QRcode_free(q);
	return UP_OK;
}
