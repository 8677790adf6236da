/* SPDX-License-Identifier: MIT */
/* Feeds the corpus of a fuzz target to it without libFuzzer: what was once found must not come back. */
#include "../unit/tap.h"

#include <dirent.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads a whole file into memory of exactly its size, so that a byte too far is seen. */
static uint8_t *read_all(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = NULL;

	if (file == NULL || fseek(file, 0, SEEK_END) != 0)
		return NULL;
	*size = (size_t)ftell(file);
	rewind(file);
	data = malloc(*size > 0 ? *size : 1);
	if (data != NULL && fread(data, 1, *size, file) != *size) {
		free(data);
		data = NULL;
	}
	fclose(file);
	return data;
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* A target aborts, or a sanitizer ends it, when something is found: then there is no plan. */
static void feed(const char *folder, const char *name)
{
	char path[4096];
	size_t size = 0;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	uint8_t *data = read_all(path, &size);

	if (!ok(data != NULL, "%s is read", name))
		return;
	printf("# %s\n", path);
	fflush(stdout);
	ok(LLVMFuzzerTestOneInput(data, size) == 0, "%s", name);
	free(data);
}

/* Called replay-NAME: the corpus is corpus-NAME. */
int main(int argc, char **argv)
{
	const char *top = getenv("srcdir"), *dash = argc > 0 ? strrchr(argv[0], '-') : NULL;
	struct dirent **entries;
	char folder[2048];

	snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus-%s", top != NULL ? top : ".", dash != NULL ? dash + 1 : "");
	int count = scandir(folder, &entries, is_visible, alphasort);

	ok(count > 0, "%s holds files", folder);
	for (int i = 0; i < count; i++) {
		feed(folder, entries[i]->d_name);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return done();
}
