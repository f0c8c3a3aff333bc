/* SPDX-License-Identifier: Apache-2.0
 * A person's data as a tool is given them: a JSON file {"name","resident_id","mobile"}, or three arguments. */
#ifndef UP_PERSON_FILE_H
#define UP_PERSON_FILE_H

#include "core/span.h"

struct up_person_data {
	char *name, *resident, *mobile;  /* owned */
};

/* PATH "-" is standard input. UP_E_IO and others with WHY. The caller frees *OUT in all cases. */
UP_MUST_USE enum up_err up_person_data_read(const char *path, struct up_person_data *out, char why[256]);
UP_MUST_USE enum up_err up_person_data_set(const char *name, const char *resident, const char *mobile, struct up_person_data *out);
void up_person_data_free(struct up_person_data *);       /* wipes */
/* What is wrong with the data ("name", "resident_id", "mobile"), or NULL. TODAY: yyyymmdd. */
const char *up_person_data_wrong(const struct up_person_data *, uint32_t today);

#endif
