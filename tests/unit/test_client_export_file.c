/*
 * An export that is cut at each call that writes: an error, no room, a signal
 * that ends us, or one that nothing can wait for. What is there afterwards is
 * whole and its owner's alone, and what it says is true.
 * Covers: export_file.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "client/export_file.h"
#include "proto/status.h"

#define FILES 3
#define PARTS 2 /* messages of a file */
#define MOST 200

enum cut { CUT_ERROR, CUT_SHORT, CUT_SIGNAL, CUT_KILL, CUTS };

/* Which call is cut, from 1, and how; of the child alone. */
static int calls, cut_at;
static enum cut cut;
static bool nameless; /* can files be made that have no name? */

/* --- the calls ---------------------------------------------------------------- */

/* True: this call fails, with errno. */
static bool cut_here(void)
{
	if (++calls != cut_at)
		return false;
	errno = ENOSPC;
	if (cut == CUT_KILL)
		raise(SIGKILL);
	if (cut == CUT_SIGNAL)
		raise(calls % 2 ? SIGINT : SIGTERM);
	return cut == CUT_ERROR;
}

/* What the linker's --wrap asks for; each has the prototype of its real one. */
#define WRAP(name, parameters, ...)                \
	int __real_##name parameters;              \
	int __wrap_##name parameters;              \
	int __wrap_##name parameters               \
	{                                          \
		if (cut_here())                    \
			return -1;                 \
		return __real_##name(__VA_ARGS__); \
	}

WRAP(fsync, (int fd), fd)
WRAP(linkat, (int at, const char *from, int to, const char *path, int flags),
     at, from, to, path, flags)
WRAP(rename, (const char *from, const char *to), from, to)
WRAP(renameat2,
     (int at, const char *from, int to, const char *path, unsigned int flags),
     at, from, to, path, flags)
WRAP(mkostemp, (char *name, int flags), name, flags)

ssize_t __real_write(int fd, const void *p, size_t n);
ssize_t __wrap_write(int fd, const void *p, size_t n);
ssize_t __wrap_write(int fd, const void *p, size_t n)
{
	if (cut_here())
		return -1;
	/* The rest follows, or there is no room for it at the next call. */
	return __real_write(fd, p, cut == CUT_SHORT && calls == cut_at ? 1 : n);
}

int __real_access(const char *path, int how);
int __wrap_access(const char *path, int how);
int __wrap_access(const char *path, int how)
{
	return nameless ? __real_access(path, how) : -1;
}

/* --- an export ------------------------------------------------------------------ */

static struct fob fob = { .quiet = true };
static char base[64];

/* Each file is the digit of its number, so many times. */
#define BYTES_EACH 5000u

static void fill(struct parsed *parsed, size_t files)
{
	static struct parsed_item list[FILES * PARTS];
	static Fob__ImportItem messages[FILES * PARTS];
	static uint8_t data[FILES][BYTES_EACH];

	for (size_t i = 0; i < files * PARTS; i++) {
		size_t at = i / PARTS;

		memset(data[at], '1' + (int)at, BYTES_EACH);
		fob__import_item__init(&messages[i]);
		messages[i].position = at + 1;
		messages[i].data.data = data[at];
		messages[i].data.len = BYTES_EACH / PARTS;
		list[i].message = &messages[i];
	}
	*parsed = (struct parsed){ .list = list, .n = files * PARTS };
}

struct story {
	const char *name;
	size_t files;
	bool force, each, nameless;
};

/* In the child, which is cut. */
static int write_it(const struct story *story)
{
	struct export_file to = { .force = story->force, .each = story->each };
	struct outgoing outgoing = { .fd = -1 };
	struct parsed parsed;
	char path[80];
	int r;

	/* What goes wrong is said, and here it is meant to. */
	if (!freopen("/dev/null", "w", stderr))
		return STATUS_FAILED;
	umask(0);
	snprintf(path, sizeof(path), "%s/x.png", base);
	to.path = path;
	nameless = story->nameless;
	fill(&parsed, story->files);
	r = export_file_write(&fob, &to, &outgoing, &parsed);
	/* 100: it came to an end before it was cut. */
	return r == 0 && calls < cut_at ? 100 : r;
}

static int run_cut(const struct story *story, enum cut how, int at)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		cut = how;
		cut_at = at;
		calls = 0;
		_exit(write_it(story));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* --- what is there --------------------------------------------------------------- */

struct left {
	size_t whole, old, beside;
};

static void look(const char *name, bool killed, struct left *left)
{
	static char got[BYTES_EACH + 1];
	struct stat st;
	char path[512];
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", base, name);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07077, 0);
	file = fopen(path, "r");
	assert_non_null(file);
	n = fread(got, 1, sizeof(got), file);
	fclose(file);
	unlink(path);
	if (n == 3 && memcmp(got, "old", 3) == 0) {
		left->old++;
	} else if (strcmp(name + strlen(name) - 4, ".png") != 0) {
		/* Where files have names from the first, one may be left. */
		assert_true(killed);
		left->beside++;
	} else {
		assert_int_equal(n, BYTES_EACH);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(got[i], got[0]);
		left->whole++;
	}
}

static struct left look_around(bool killed)
{
	struct left left = { 0 };
	DIR *folder = opendir(base);
	struct dirent *found;

	assert_non_null(folder);
	while ((found = readdir(folder)))
		if (found->d_name[0] != '.')
			look(found->d_name, killed, &left);
	closedir(folder);
	return left;
}

static void put_old(void)
{
	char path[80];
	int fd;

	snprintf(path, sizeof(path), "%s/x.png", base);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	assert_int_equal(__real_write(fd, "old", 3), 3);
	close(fd);
}

/* True: this was the last call. */
static bool judge(const struct story *story, int status)
{
	bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	bool done = WIFEXITED(status) &&
		    (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 100);
	struct left left = look_around(killed);

	/* One or the other, whatever came. */
	if (story->force)
		assert_int_equal(left.whole + left.old, story->files);
	if (story->force && done)
		assert_int_equal(left.old, 0);
	else if (!story->force && done)
		assert_int_equal(left.whole, story->files);
	else if (!story->force && !killed)
		assert_int_equal(left.whole, 0);
	if (story->nameless && !story->force)
		assert_int_equal(left.beside, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 100;
}

static void cut_everywhere(void **state UNUSED)
{
	static const struct story stories[] = {
		{ "one", 1, false, false, true },
		{ "one, beside", 1, false, false, false },
		{ "another's place", 1, true, false, true },
		{ "another's place, beside", 1, true, false, false },
		{ "several", FILES, false, true, true },
		{ "several, beside", FILES, false, true, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(stories); i++) {
		const struct story *story = &stories[i];

		for (int how = 0; how < CUTS; how++) {
			int at = 1, status;

			do {
				if (story->force)
					put_old();
				status = run_cut(story, (enum cut)how, at);
			} while (!judge(story, status) && ++at < MOST);
			assert_true(at > 3 && at < MOST);
		}
	}
}

static int set_up(void **state UNUSED)
{
	snprintf(base, sizeof(base), "/tmp/fob-export-XXXXXX");
	assert_non_null(mkdtemp(base));
	return 0;
}

static int tear_down(void **state UNUSED)
{
	assert_int_equal(rmdir(base), 0);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(cut_everywhere, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
