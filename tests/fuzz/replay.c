/* SPDX-License-Identifier: Apache-2.0
 * Run a fuzz target over files and folders: the corpus as an ordinary test, with any compiler. */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MAX_BYTES ((size_t)1 << 20)

static unsigned long files;

static int replay_file(const char *path, size_t size)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data;
	int e = 1;

	/* exactly as large as the file, so that a sanitizer sees a read past the end */
	data = malloc(size > 0 ? size : 1);
	if (f == NULL || data == NULL || fread(data, 1, size, f) != size) {
		fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
		goto out;
	}
	LLVMFuzzerTestOneInput(size > 0 ? data : NULL, size);
	files++;
	e = 0;
out:
	free(data);
	if (f != NULL)
		fclose(f);
	return e;
}

static int replay(const char *path);

static int replay_folder(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *entry;
	int e = 0;

	if (d == NULL) {
		fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
		return 1;
	}
	while ((entry = readdir(d)) != NULL) {
		char child[4096];

		if (entry->d_name[0] == '.')
			continue;
		if (snprintf(child, sizeof child, "%s/%s", path, entry->d_name) >=
		    (int)sizeof child)
			e = 1;
		else
			e |= replay(child);
	}
	closedir(d);
	return e;
}

static int replay(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0) {
		fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
		return 1;
	}
	if (S_ISDIR(st.st_mode))
		return replay_folder(path);
	if (!S_ISREG(st.st_mode) || st.st_size < 0 || (size_t)st.st_size > FILE_MAX_BYTES) {
		fprintf(stderr, "replay: %s: not a file of at most 1 MiB\n", path);
		return 1;
	}
	return replay_file(path, (size_t)st.st_size);
}

int main(int argc, char **argv)
{
	int e = 0;

	for (int i = 1; i < argc; i++)
		e |= replay(argv[i]);
	printf("%s: %lu files\n", argv[0], files);
	return e != 0 || files == 0;         /* an empty corpus tests nothing */
}
