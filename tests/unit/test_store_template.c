/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test_store_fixture.h"

static char folder[64], path[96];        /* of the one that is copied; "": not made yet */
static pid_t owner;

static void forget(void)
{
	if (owner != getpid())
		return;
	unlink(path);
	rmdir(folder);
}

static void make(void (*fill)(struct up_store *))
{
	struct up_store *store;

	strcpy(folder, "/tmp/unitpass-template-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/store.db", folder);
	owner = getpid();
	atexit(forget);
	CU_ASSERT_EQUAL_FATAL(fixture_connect(path, false, &store), UP_OK);
	fill(store);
	up_store_close(&store);          /* the last one: nothing of it is beside the file */
}

void fixture_copy(const char *database, void (*fill)(struct up_store *))
{
	struct stat st;
	off_t at = 0;
	int from, to;

	if (path[0] == '\0')
		make(fill);
	from = open(path, O_RDONLY | O_CLOEXEC);
	to = open(database, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	CU_ASSERT_FATAL(from >= 0 && to >= 0 && fstat(from, &st) == 0);
	while (at < st.st_size)
		CU_ASSERT_FATAL(sendfile(to, from, &at, (size_t)(st.st_size - at)) > 0);
	close(from);
	close(to);
}
