/* SPDX-License-Identifier: Apache-2.0
 * The files of web/, as script/embed puts them into the program at build time. */
#ifndef UP_EMBEDDED_H
#define UP_EMBEDDED_H

#include <stddef.h>

struct up_embedded {
	const char *name;                /* "login.html", "words/en.json", "assets/login.js" */
	const char *type;                /* Content-Type */
	const unsigned char *bytes;
	size_t n;
	const char *etag;                /* with its quotes */
};

extern const struct up_embedded up_embedded_files[];
extern const size_t up_embedded_n;

#endif
