/* SPDX-License-Identifier: Apache-2.0
 * The keys under which the fixture's stores keep persons' data. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test_store_fixture.h"

static struct up_data_keys *keys;

static void free_keys(void)
{
	up_data_keys_free(&keys);
}

static void write_key(const char *path, char digit)
{
	FILE *file = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_EQUAL(fchmod(fileno(file), 0600), 0);
	for (int i = 0; i < 64; i++)
		putc(digit, file);
	CU_ASSERT_EQUAL(fclose(file), 0);
}

/* Keys whose files have gone stay what they are. */
static void open_keys(void)
{
	char dir[] = "/tmp/unitpass-keys-XXXXXX", master[64], data[64], why[256];

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	snprintf(master, sizeof(master), "%s/server.key", dir);
	snprintf(data, sizeof(data), "%s/" UP_DATA_KEYS_FILE, dir);
	write_key(master, '2');
	write_key(data, '1');
	CU_ASSERT_EQUAL_FATAL(up_data_keys_open(dir, &keys, why), UP_OK);
	unlink(master);
	unlink(data);
	rmdir(dir);
	atexit(free_keys);
}

struct up_data_keys *fixture_keys(void)
{
	if (keys == NULL)
		open_keys();
	return keys;
}
