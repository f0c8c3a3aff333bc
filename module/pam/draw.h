/* SPDX-License-Identifier: Apache-2.0
 * QR codes (ISO/IEC 18004) as lines of a UTF-8 terminal: two modules a character (half blocks),
 * quiet zone of 4 modules, error correction L: a clean screen close by needs no more, and the
 * picture should fit 24 lines. */
#ifndef UP_DRAW_H
#define UP_DRAW_H

#include "core/span.h"

enum up_draw_style {
	/* black on white by escape sequences (ISO 6429): right on every terminal that takes them */
	UP_DRAW_COLOUR,
	/* light modules are ink: right on a dark background, the exact negative on a light one */
	UP_DRAW_DARK,
	UP_DRAW_LIGHT,                   /* dark modules are ink: the other way round */
};

/* Append the lines of TEXT's picture, each ended by LF and of at most 450 bytes. UP_E_TOO_LARGE: it
 * would be wider than 80 columns. UP_E_NOMEM. */
UP_MUST_USE enum up_err up_draw_lines(struct up_buf *, struct up_span text, enum up_draw_style);

#endif
