/*
 * Stands in for libFuzzer: runs a fuzz target once over each file of the
 * folders named, and over inputs made up from these: noise, and files with
 * some bytes changed, cut, doubled or taken from another file.
 *
 *	[--seconds N] [--turn T] [--from K] FOLDER...
 *
 * Without --seconds so many as a constant says. The inputs of a turn are the
 * same in every run: when one breaks the target, its number is printed, and
 * --from goes straight to it.
 */
#include <dirent.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "proto/base.h"

#define INPUT_MAX ((size_t)128 * 1024)
#define INPUTS 4000 /* made up, without --seconds */
#define NOISE_MAX 512
#define FILES_MAX 1024
#define HANG_SECONDS 5 /* of this process */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* Of the sanitizers, where they are. */
void __sanitizer_set_death_callback(void (*callback)(void))
	__attribute__((weak));

struct file {
	uint8_t *data;
	size_t n;
};

static struct file files[FILES_MAX];
static size_t n_files;
static uint64_t seed;
static unsigned long turn, number; /* of the input at hand; 0: a file */
static const char *name = "";

static uint32_t next_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 32);
}

/* Each input has a stream of its own. */
static void begin_random(void)
{
	seed = 0x9e3779b97f4a7c15 ^ (uint64_t)turn << 40 ^ number;
	for (int i = 0; i < 8; i++)
		next_random();
}

static void tell(void)
{
	char text[512];
	int n = number ? snprintf(text, sizeof(text),
				  "input %lu of turn %lu: --turn %lu --from "
				  "%lu\n",
				  number, turn, turn, number) :
			 snprintf(text, sizeof(text), "input %s\n", name);

	if (n > 0 && write(STDERR_FILENO, text, (size_t)n) < 0)
		return;
}

static void died(int signal_number)
{
	static const char late[] = "takes too long\n";

	if (signal_number == SIGPROF &&
	    write(STDERR_FILENO, late, sizeof(late) - 1) < 0)
		_exit(1);
	tell();
	signal(SIGABRT, SIG_DFL);
	abort();
}

/* On the heap and exactly as long: an overrun is noticed. */
static void run(const uint8_t *data, size_t size)
{
	const struct itimerval limit = { .it_value.tv_sec = HANG_SECONDS };
	uint8_t *copy = malloc(size > 0 ? size : 1);

	if (!copy)
		abort();
	if (size > 0)
		memcpy(copy, data, size);
	setitimer(ITIMER_PROF, &limit, NULL);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

/* --- made up --------------------------------------------------------------- */

static size_t noise(uint8_t *data)
{
	size_t n = next_random() % NOISE_MAX;

	for (size_t i = 0; i < n; i++)
		data[i] = (uint8_t)next_random();
	return n;
}

static void overwrite(uint8_t *data, size_t n)
{
	static const uint8_t telling[] = { 0, 1, 0x7f, 0x80, 0xff, ' ', '"' };
	uint8_t *at = data + next_random() % n;

	switch (next_random() % 3) {
	case 0:
		*at = (uint8_t)next_random();
		break;
	case 1:
		*at ^= (uint8_t)(1u << next_random() % 8);
		break;
	default:
		*at = telling[next_random() % sizeof(telling)];
	}
}

/* Puts a part of one file, or of this, into it. */
static size_t splice(uint8_t *data, size_t n)
{
	const struct file *from = &files[next_random() % n_files];
	size_t at = next_random() % (n + 1), begin, part;

	if (from->n == 0)
		return n;
	begin = next_random() % from->n;
	part = next_random() % (from->n - begin + 1);
	part = size_min(part, INPUT_MAX - n);
	if (next_random() % 4 > 0)
		part = size_min(part, 32);
	memmove(data + at + part, data + at, n - at);
	memcpy(data + at, from->data + begin, part);
	return n + part;
}

static size_t cut_out(uint8_t *data, size_t n)
{
	size_t at = next_random() % n, part = next_random() % (n - at) + 1;

	if (next_random() % 2)
		part = size_min(part, 16);
	memmove(data + at, data + at + part, n - at - part);
	return n - part;
}

static size_t changed(uint8_t *data)
{
	const struct file *from = &files[next_random() % n_files];
	size_t n = from->n, changes = 1 + next_random() % 6;

	memcpy(data, from->data, n);
	for (; changes > 0 && n > 0; changes--)
		switch (next_random() % 8) {
		case 0:
			n = splice(data, n);
			break;
		case 1:
			n = cut_out(data, n);
			break;
		default:
			overwrite(data, n);
		}
	return n;
}

static void make_up(void)
{
	static uint8_t data[INPUT_MAX];
	size_t n;

	begin_random();
	n = n_files == 0 || next_random() % 8 == 0 ? noise(data) :
						     changed(data);
	run(data, n);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- files ----------------------------------------------------------------- */

static int no_dots(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void run_file(const char *path)
{
	static uint8_t data[INPUT_MAX];
	FILE *f = fopen(path, "rb");
	struct file *file = &files[n_files];

	if (!f)
		return;
	name = path;
	file->n = fread(data, 1, sizeof(data), f);
	fclose(f);
	run(data, file->n);
	if (n_files == FILES_MAX - 1)
		return;
	file->data = malloc(file->n + 1);
	if (!file->data)
		abort();
	memcpy(file->data, data, file->n);
	n_files++;
}

static void run_folder(const char *folder)
{
	struct dirent **entries;
	char path[4096];
	int n = scandir(folder, &entries, no_dots, alphasort);

	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder,
			 entries[i]->d_name);
		run_file(path);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int main(int argc, char **argv)
{
	double seconds = 0, begin;
	int i;

	signal(SIGABRT, died);
	signal(SIGPROF, died);
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(tell);
	for (i = 1; i + 1 < argc && argv[i][0] == '-'; i += 2) {
		if (strcmp(argv[i], "--seconds") == 0)
			seconds = strtod(argv[i + 1], NULL);
		else if (strcmp(argv[i], "--turn") == 0)
			turn = strtoul(argv[i + 1], NULL, 10);
		else if (strcmp(argv[i], "--from") == 0)
			number = strtoul(argv[i + 1], NULL, 10) - 1;
	}
	run(NULL, 0);
	for (; i < argc; i++)
		run_folder(argv[i]);
	begin = now();
	while (seconds > 0 ? now() - begin < seconds : number < INPUTS) {
		number++;
		make_up();
	}
	printf("figure: %s: executions %lu\n", base_name(argv[0]),
	       number + n_files);
	for (size_t k = 0; k < n_files; k++)
		free(files[k].data);
	return 0;
}
