/*
 * Stands in for libFuzzer: runs a fuzz target once over each file of the
 * folders named, and over inputs made up from a fixed seed: noise, and the
 * files with some bytes changed, cut or doubled.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX (128 * 1024)
#define NOISE_INPUTS 2000
#define NOISE_MAX 512
#define CHANGES 200 /* changed copies of each file */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t seed = 0x9e3779b97f4a7c15;

static uint32_t next_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 32);
}

/* On the heap and exactly as long: an overrun is noticed. */
static void run(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);

	if (!copy)
		abort();
	if (size > 0)
		memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void run_noise(void)
{
	static uint8_t data[NOISE_MAX];
	size_t i, k;

	run(NULL, 0);
	for (i = 0; i < NOISE_INPUTS; i++) {
		size_t n = next_random() % NOISE_MAX;

		for (k = 0; k < n; k++)
			data[k] = (uint8_t)next_random();
		run(data, n);
	}
}

static void run_changed(const uint8_t *from, size_t size)
{
	static uint8_t data[INPUT_MAX];
	size_t i, at, changes;

	for (i = 0; i < CHANGES && size > 0; i++) {
		size_t n = size;

		memcpy(data, from, size);
		for (changes = next_random() % 4; changes > 0; changes--)
			data[next_random() % size] = (uint8_t)next_random();
		at = next_random() % size;
		if (i % 4 == 1)
			n = at;
		if (i % 4 == 2 && size < sizeof(data)) {
			memmove(data + at + 1, data + at, size - at);
			n = size + 1;
		}
		run(data, n);
	}
}

static int run_file(const char *path)
{
	static uint8_t data[INPUT_MAX];
	FILE *f = fopen(path, "rb");
	size_t n;

	if (!f)
		return -1;
	n = fread(data, 1, sizeof(data), f);
	fclose(f);
	run(data, n);
	run_changed(data, n);
	return 0;
}

static int run_folder(const char *folder)
{
	DIR *d = opendir(folder);
	struct dirent *e;
	char path[4096];
	int count = 0;

	if (!d)
		return 0;
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		if (run_file(path) == 0)
			count++;
	}
	closedir(d);
	return count;
}

int main(int argc, char **argv)
{
	int i, count = 0;

	run_noise();
	for (i = 1; i < argc; i++)
		count += run_folder(argv[i]);
	printf("%d files, %d made up\n", count, NOISE_INPUTS + 1);
	return 0;
}
