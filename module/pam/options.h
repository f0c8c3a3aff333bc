/* SPDX-License-Identifier: Apache-2.0
 * What the administrator says: arguments "key=value" of the PAM line, and the same keys in a file,
 * one "key = value" a line. One table holds them all. A key may be given once, in one of the two
 * places; unknown keys are refused. */
#ifndef UP_OPTIONS_H
#define UP_OPTIONS_H

#include "core/span.h"

#define UP_OPTIONS_FILE "/etc/unitpass/pam.conf"
#define UP_OPTIONS_TIMEOUT_MAX 600
#define UP_OPTIONS_WHY 256

enum up_options_key {
	UP_OPTIONS_CONFIG,
	UP_OPTIONS_ISSUER,
	UP_OPTIONS_CLIENT,
	UP_OPTIONS_SECRET_FILE,
	UP_OPTIONS_KEY_FILE,
	UP_OPTIONS_MAP_FILE,
	UP_OPTIONS_UNIT,
	UP_OPTIONS_ROLE,
	UP_OPTIONS_ITEM,
	UP_OPTIONS_TIMEOUT,
	UP_OPTIONS_QR,
	UP_OPTIONS_LANG,
	UP_OPTIONS_DEBUG,
	UP_OPTIONS_N
};

enum up_options_qr {
	UP_OPTIONS_QR_AUTO,
	UP_OPTIONS_QR_COLOUR,
	UP_OPTIONS_QR_DARK,
	UP_OPTIONS_QR_LIGHT,
	UP_OPTIONS_QR_OFF
};
enum up_options_lang { UP_OPTIONS_LANG_AUTO, UP_OPTIONS_LANG_ZH, UP_OPTIONS_LANG_EN };

struct up_options {
	char *value[UP_OPTIONS_N];       /* owned; NULL: not given */
	/* set by up_options_finish */
	int64_t timeout_s;
	enum up_options_qr qr;
	enum up_options_lang lang;
	bool debug;
};

/* One argument, or a whole file. UP_E_CONFIG with the reason in WHY, naming the key or the line;
 * UP_E_NOMEM. */
UP_MUST_USE enum up_err up_options_argument(
    struct up_options *, struct up_span text, char why[UP_OPTIONS_WHY]);
UP_MUST_USE enum up_err up_options_file(
    struct up_options *, struct up_span text, char why[UP_OPTIONS_WHY]);
/* Everything that must be there is, and every value is in its bounds. */
UP_MUST_USE enum up_err up_options_finish(struct up_options *, char why[UP_OPTIONS_WHY]);
void up_options_free(struct up_options *);

/* The next of several values, separated by spaces or commas. False: none is left. */
bool up_options_next(struct up_span *rest, struct up_span *value);

#endif
