/* SPDX-License-Identifier: Apache-2.0
 * The one normaliser of what people type and spreadsheets hold: names, codes, IDs, numbers. Every
 * way in (window, roster, import, phone) goes through it, so that a value has one spelling wherever
 * it came from. What is a form is folded: blanks, width, compatibility characters (Unicode NFKC:
 * Kangxi radicals, full-width letters), kinds of middle dots, dashes and apostrophes. What is
 * invisible or only looks like something else is refused, and the character named. */
#ifndef UP_NORMAL_H
#define UP_NORMAL_H

#include "core/span.h"

enum up_normal {
	/* a person's name: letters of one script; blanks beside Han characters go */
	UP_NORMAL_PERSON,
	/* name of a unit, certificate number: Han and Latin, or one other script; blanks as above,
	 * else one space */
	UP_NORMAL_LINE,
	/* running text, shown only: punctuation keeps its width; blanks and line ends become one
	 * space */
	UP_NORMAL_PROSE,
	/* codes, IDs, telephone numbers, dates: no blanks, capital letters, any dash is '-' */
	UP_NORMAL_NUMBER,
};

enum up_normal_why {
	UP_NORMAL_BROKEN,        /* not UTF-8 from here on; cp is the byte */
	UP_NORMAL_HIDDEN,        /* invisible, or steers how others are shown */
	/* private use, unassigned, or the mark of a lost character: looks otherwise elsewhere */
	UP_NORMAL_PRIVATE,
	/* of another script or form than its neighbours, whose look it may have */
	UP_NORMAL_IMITATES,
	UP_NORMAL_STRANGE,       /* plain to see, but not for this kind of text */
};

struct up_normal_fault {
	enum up_normal_why why;
	uint32_t cp;
	size_t place;            /* which character of the text as it was given, from 1 */
};

/* Append the normal form of IN, which may be empty. What is normal stays as it is. UP_E_CHARACTER
 * with *FAULT (OUT is as before), UP_E_NOMEM. */
UP_MUST_USE enum up_err up_normal_put(struct up_buf *out, struct up_span in, enum up_normal kind,
    struct up_normal_fault *fault);
/* The same as a string of at most CAP - 1 bytes; longer is UP_E_FORMAT. On error OUT is "". */
UP_MUST_USE enum up_err up_normal_take(struct up_span in, enum up_normal kind, char *out,
    size_t cap, struct up_normal_fault *fault);

/* "character 3 (U+200B ZERO WIDTH SPACE) is invisible; delete it", in both languages. */
#define UP_NORMAL_FAULT_TEXT 256
void up_normal_fault_text(const struct up_normal_fault *fault, bool chinese,
    char out[UP_NORMAL_FAULT_TEXT]);

#endif
