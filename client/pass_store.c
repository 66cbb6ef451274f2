#include "client/pass_store.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <sodium.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/report.h"

#define FILE_KEPT (64 * 1024) /* bytes; the line must stand in them */
#define SUFFIX ".gpg"

extern char **environ;

struct pass_store {
	struct fob *fob;
	int out;
	size_t root; /* bytes of the folder's name, in front of every path */
	unsigned int opened, closed;
};

static int spawn_gpg(char *path, int out, pid_t *ret)
{
	char name[] = "gpg", quiet[] = "--quiet", decrypt[] = "--decrypt",
	     end[] = "--";
	char *argv[] = { name, quiet, decrypt, end, path, NULL };
	posix_spawn_file_actions_t actions;
	int r = posix_spawn_file_actions_init(&actions);

	if (r != 0)
		return r;
	r = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO,
					     "/dev/null", O_RDONLY, 0);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, out,
						     STDOUT_FILENO);
	if (r == 0)
		r = posix_spawnp(ret, name, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return r;
}

static bool ended_well(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* To the end, of which only so much is kept. */
static size_t read_kept(int in, char *text, size_t size)
{
	char rest[4096];
	size_t n = 0;

	for (;;) {
		ssize_t got = n < size ? read(in, text + n, size - n) :
					 read(in, rest, sizeof(rest));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		if (n < size)
			n += (size_t)got;
	}
	sodium_memzero(rest, sizeof(rest));
	return n;
}

/* What gpg makes of the file. 0 or an errno; -1: gpg said why. */
static int decrypt(char *path, char *text, size_t *n)
{
	int ends[2], r;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return errno;
	r = spawn_gpg(path, ends[1], &pid);
	close(ends[1]);
	if (r == 0) {
		*n = read_kept(ends[0], text, FILE_KEPT);
		r = ended_well(pid) ? 0 : -1;
	}
	close(ends[0]);
	return r;
}

static int write_all(int out, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(out, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return errno;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

/* The first line that is a URI; NULL when there is none. */
static const char *find_uri(const char *text, size_t n, size_t *ret_n)
{
	static const char scheme[] = "otpauth://";
	const char *line = text, *end = text + n;

	while (line < end) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		size_t length = (size_t)((stop ? stop : end) - line);

		if (length > strlen(scheme) &&
		    memcmp(line, scheme, strlen(scheme)) == 0) {
			*ret_n = length;
			return line;
		}
		line += length + 1;
	}
	return NULL;
}

/* "PATH NUL URI NUL", the path without its suffix; NULs are no part of it. */
static int write_entry(struct pass_store *s, const char *path, const char *uri,
		       size_t n)
{
	const char *name = path + s->root;
	int r;

	while (*name == '/')
		name++;
	if (memchr(uri, 0, n))
		return 0;
	r = write_all(s->out, name, strlen(name) - strlen(SUFFIX));
	if (r == 0)
		r = write_all(s->out, "", 1);
	if (r == 0)
		r = write_all(s->out, uri, n);
	return r ? r : write_all(s->out, "", 1);
}

static int read_one(struct pass_store *s, char *path)
{
	char text[FILE_KEPT];
	const char *uri;
	size_t n = 0, uri_n;
	int r = decrypt(path, text, &n);

	if (r == 0) {
		s->opened++;
		uri = find_uri(text, n, &uri_n);
		if (uri)
			r = write_entry(s, path, uri, uri_n);
	} else if (r < 0) {
		s->closed++;
		note(s->fob, "%s: gpg does not open it", path + s->root);
		r = 0;
	}
	sodium_memzero(text, n);
	if (r == ENOENT)
		return fail(s->fob, STATUS_FAILED,
			    "gpg, which opens the files, is not here");
	if (r != 0)
		return fail(s->fob, STATUS_FAILED, "%s", strerror(r));
	return 0;
}

static bool is_sealed(const FTSENT *e)
{
	size_t n = strlen(SUFFIX);

	return e->fts_info == FTS_F && e->fts_namelen > n &&
	       strcmp(e->fts_name + e->fts_namelen - n, SUFFIX) == 0;
}

/* Folders like .git are none of the store's. */
static int walk(struct pass_store *s, FTS *tree)
{
	FTSENT *e;
	int r = 0;

	while (r == 0 && (e = fts_read(tree))) {
		if (e->fts_level > 0 && e->fts_name[0] == '.') {
			if (e->fts_info == FTS_D)
				fts_set(tree, e, FTS_SKIP);
		} else if (is_sealed(e)) {
			r = read_one(s, e->fts_accpath);
		}
	}
	return r;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int read_all(struct pass_store *s, char *folder)
{
	char *roots[] = { folder, NULL };
	FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR,
			     by_name);
	int r;

	if (!tree)
		return fail(s->fob, STATUS_FAILED, "cannot read %s: %s", folder,
			    strerror(errno));
	r = walk(s, tree);
	fts_close(tree);
	if (r == 0 && s->opened == 0)
		return fail(s->fob, STATUS_FAILED,
			    s->closed ? "gpg opens no file in %s" :
					"there is no .gpg file in %s",
			    folder);
	return r;
}

int pass_store_open(struct fob *fob, const char *folder, int *ret_fd)
{
	struct pass_store s = { .fob = fob, .root = strlen(folder) };
	AUTO_FREE char *copy = strdup(folder);
	int r;

	s.out = memfd_create("pass", MFD_CLOEXEC);
	if (!copy || s.out < 0)
		return fail(fob, STATUS_FAILED, "%s", strerror(errno));
	r = read_all(&s, copy);
	if (r == 0 && lseek(s.out, 0, SEEK_SET) != 0)
		r = fail(fob, STATUS_FAILED, "%s", strerror(errno));
	if (r == 0)
		*ret_fd = s.out;
	else
		close(s.out);
	return r;
}
