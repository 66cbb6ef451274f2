#include "client/export_file.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/account.h"
#include "client/file.h"
#include "client/print.h"
#include "client/report.h"

/*
 * What ends us waits while we write, so that nothing stays behind: a file
 * that has a name already may be one of many, or one to be written beside
 * another. Only SIGKILL does not wait.
 */
static const int endings[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

static void hold(sigset_t *ret_before)
{
	sigset_t ours;

	sigemptyset(&ours);
	for (size_t i = 0; i < ARRAY_SIZE(endings); i++)
		sigaddset(&ours, endings[i]);
	sigprocmask(SIG_BLOCK, &ours, ret_before);
}

/* One that came has its effect now. */
static void release(const sigset_t *before)
{
	sigprocmask(SIG_SETMASK, before, NULL);
}

static bool interrupted(void)
{
	sigset_t waiting;

	sigpending(&waiting);
	for (size_t i = 0; i < ARRAY_SIZE(endings); i++)
		if (sigismember(&waiting, endings[i]) == 1)
			return true;
	return false;
}

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Where the ending begins: the dot of the last part, or the end. */
static size_t stem(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	const char *dot = strrchr(name, '.');

	return dot && dot != name ? (size_t)(dot - path) : strlen(path);
}

char *export_file_name(const char *path, size_t i, size_t n)
{
	size_t room = strlen(path) + 64, cut = stem(path);
	char *name = malloc(room);
	int width = 1;

	for (size_t rest = n; rest >= 10; rest /= 10)
		width++;
	if (!name)
		return NULL;
	if (is_folder(path))
		snprintf(name, room, "%s/fob-%0*zu.png", path, width, i + 1);
	else if (n == 1)
		snprintf(name, room, "%s", path);
	else
		snprintf(name, room, "%.*s-%0*zu%s", (int)cut, path, width,
			 i + 1, path + cut);
	return name;
}

/* The messages from *at that belong to one file; *at is behind them then. */
static int write_run(struct fob *fob, const char *path, bool force,
		     const struct parsed *parsed, size_t *at)
{
	struct file file AUTO_FILE = { .fd = -1 };
	uint64_t position = parsed->list[*at].message->position;
	int r = file_begin(fob, &file, path);

	for (; r == 0 && !interrupted() && *at < parsed->n; (*at)++) {
		const Fob__ImportItem *item = parsed->list[*at].message;

		if (item->data.len > 0 && item->position != position)
			break;
		r = file_write(fob, &file, account_bytes(item->data));
	}
	if (r != 0)
		return r;
	if (interrupted())
		return fail(fob, STATUS_FAILED, "interrupted: there is no %s",
			    path);
	return force ? file_end(fob, &file) : file_end_new(fob, &file);
}

/* The next message that has bytes. */
static size_t find_data(const struct parsed *parsed, size_t at)
{
	while (at < parsed->n && parsed->list[at].message->data.len == 0)
		at++;
	return at;
}

static size_t count(const struct parsed *parsed)
{
	uint64_t position = UINT64_MAX;
	size_t n = 0;

	for (size_t i = find_data(parsed, 0); i < parsed->n;
	     i = find_data(parsed, i + 1)) {
		if (parsed->list[i].message->position != position)
			n++;
		position = parsed->list[i].message->position;
	}
	return n;
}

/* Before the first is written; file_end_new() is what makes it sure. */
static int all_free(struct fob *fob, const struct export_file *to, size_t n)
{
	struct stat st;

	for (size_t i = 0; i < n && !to->force; i++) {
		char *name AUTO_FREE = export_file_name(to->path, i, n);

		if (name && lstat(name, &st) == 0)
			return fail(fob, STATUS_CONFLICT,
				    "%s is there already: --force replaces it",
				    name);
	}
	return 0;
}

/* What this run has made goes again, but for what took another's place. */
static void undo(const struct export_file *to, size_t made, size_t n)
{
	for (size_t i = 0; i < made && !to->force; i++) {
		char *name AUTO_FREE = export_file_name(to->path, i, n);

		if (name)
			unlink(name);
	}
}

static int write_each(struct fob *fob, const struct export_file *to,
		      const struct outgoing *outgoing,
		      const struct parsed *parsed)
{
	size_t n = count(parsed), at = find_data(parsed, 0), i;
	int r = all_free(fob, to, n);

	for (i = 0; r == 0 && i < n; i++) {
		char *name AUTO_FREE = export_file_name(to->path, i, n);
		uint64_t position = parsed->list[at].message->position;

		if (!name)
			r = fail(fob, STATUS_FAILED, "out of memory");
		else
			r = write_run(fob, name, to->force, parsed, &at);
		if (r == 0 && !fob->json && (n > 1 || is_folder(to->path)))
			note(fob, "%s: %s", name,
			     outgoing_name(outgoing, position));
	}
	/* With the last one all are there, but nobody takes note of them. */
	if (r == 0 && interrupted())
		undo(to, n, n);
	else if (r != 0 && i > 0)
		undo(to, i - 1, n);
	return r;
}

static int write_all(struct fob *fob, const struct export_file *to,
		     const struct outgoing *outgoing,
		     const struct parsed *parsed)
{
	size_t at = find_data(parsed, 0);
	int r;

	if (to->each)
		return write_each(fob, to, outgoing, parsed);
	/* An empty file is one too. */
	if (at == parsed->n)
		return fail(fob, STATUS_FAILED, "there is nothing to write");
	r = write_run(fob, to->path, to->force, parsed, &at);
	if (r == 0 && interrupted() && !to->force)
		unlink(to->path);
	return r;
}

int export_file_write(struct fob *fob, const struct export_file *to,
		      const struct outgoing *outgoing,
		      const struct parsed *parsed)
{
	sigset_t before;
	int r;

	hold(&before);
	r = write_all(fob, to, outgoing, parsed);
	release(&before);
	return r;
}

int export_file_print(struct fob *fob, bool binary, const struct parsed *parsed)
{
	if (binary && print_terminal(fob))
		return fail(fob, STATUS_USAGE,
			    "it is no text for a terminal: give -o FILE");
	for (size_t i = 0; i < parsed->n; i++) {
		struct bytes data =
			account_bytes(parsed->list[i].message->data);

		if (data.n > 0 && fwrite(data.p, 1, data.n, stdout) != data.n)
			return fail(fob, STATUS_FAILED, "standard output: %s",
				    strerror(errno));
	}
	return print_done(fob);
}
