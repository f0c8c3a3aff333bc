/* SPDX-License-Identifier: Apache-2.0 */
#include "module/rp/qr.h"

#include <errno.h>
#include <qrencode.h>

#define QUIET 4
#define DENSE 10 /* version above which phones begin to struggle at arm's length */
#define TEXT_MAX 1024

static QRcode *encode(struct up_span text)
{
	QRcode *q = QRcode_encodeData((int)text.n, text.p, 0, QR_ECLEVEL_M);

	if (q == NULL || q->version <= DENSE)
		return q;
	QRcode_free(q);
	return QRcode_encodeData((int)text.n, text.p, 0, QR_ECLEVEL_L);
}

/* Dark runs as horizontal strokes, one module thick. */
static void put_row(struct up_buf *b, const unsigned char *row, int width, int y)
{
	for (int x = 0; x < width;) {
		int run = 0;

		while (x + run < width && (row[x + run] & 1))
			run++;
		if (run > 0)
			up_buf_printf(b, "M%d %dh%dv1h-%dz", x + QUIET, y + QUIET, run, run);
		x += run > 0 ? run : 1;
	}
}

enum up_err up_qr_put_svg(struct up_buf *b, struct up_span text)
{
	QRcode *q;
	int side;

	if (text.n == 0)
		return UP_E_STATE;
	if (text.n > TEXT_MAX)
		return UP_E_TOO_LARGE;
	q = encode(text);
	if (q == NULL)
		return errno == ERANGE ? UP_E_TOO_LARGE : UP_E_NOMEM;
	side = q->width + 2 * QUIET;
	up_buf_printf(b,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
	    "shape-rendering=\"crispEdges\">"
	    "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/><path fill=\"#000\" d=\"",
	    side, side, side, side);
	for (int y = 0; y < q->width; y++)
		put_row(b, q->data + (size_t)y * (size_t)q->width, q->width, y);
	up_buf_put_str(b, "\"/></svg>\n");
	QRcode_free(q);
	return b->failed ? UP_E_NOMEM : UP_OK;
}
