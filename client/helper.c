#include "client/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/report.h"

#define PATH_SIZE 4096

extern char **environ;

static bool beside(const char *name, char ret[static PATH_SIZE])
{
	ssize_t n = readlink("/proc/self/exe", ret, PATH_SIZE - 1);
	char *slash;
	size_t room;

	if (n <= 0)
		return false;
	ret[n] = '\0';
	slash = strrchr(ret, '/');
	if (!slash)
		return false;
	room = PATH_SIZE - (size_t)(slash + 1 - ret);
	if (strlen(name) >= room)
		return false;
	memcpy(slash + 1, name, strlen(name) + 1);
	return access(ret, X_OK) == 0;
}

static bool locate(const char *name, char ret[static PATH_SIZE])
{
	int n;

	if (beside(name, ret))
		return true;
	n = snprintf(ret, PATH_SIZE, "%s/%s", FOB_LIBEXECDIR, name);
	return n > 0 && n < PATH_SIZE && access(ret, X_OK) == 0;
}

/* Not every build has all helpers: what is missing may have had no library. */
static const char *built_with(const char *name)
{
	if (strcmp(name, "fob-fido") == 0)
		return ": it takes a fob that was built with libfido2";
	if (strcmp(name, "fob-yubikey") == 0)
		return ": it takes a fob that was built with libpcsclite";
	return "";
}

/* We ignore SIGPIPE; a helper that nobody reads any more is to end. */
static int attributes(posix_spawnattr_t *ret)
{
	sigset_t defaults;
	int r = posix_spawnattr_init(ret);

	if (r != 0)
		return r;
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	r = posix_spawnattr_setsigdefault(ret, &defaults);
	if (r == 0)
		r = posix_spawnattr_setflags(ret, POSIX_SPAWN_SETSIGDEF);
	if (r != 0)
		posix_spawnattr_destroy(ret);
	return r;
}

static int spawn(const char *path, char **argv, int in, int out, pid_t *ret)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int r = posix_spawn_file_actions_init(&actions);

	if (r != 0)
		return r;
	r = posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	if (r == 0 && out >= 0)
		r = posix_spawn_file_actions_adddup2(&actions, out,
						     STDOUT_FILENO);
	if (r == 0)
		r = attributes(&attr);
	if (r == 0) {
		r = posix_spawn(ret, path, &actions, &attr, argv, environ);
		posix_spawnattr_destroy(&attr);
	}
	posix_spawn_file_actions_destroy(&actions);
	return r;
}

int helper_start(struct fob *fob, char **argv, int in, bool piped,
		 struct helper *ret)
{
	char path[PATH_SIZE];
	int ends[2] = { -1, -1 };
	int r;

	if (!locate(argv[0], path))
		return fail(fob, STATUS_FAILED,
			    "the program %s is missing, beside fob and in "
			    "%s%s",
			    argv[0], FOB_LIBEXECDIR, built_with(argv[0]));
	if (piped && pipe2(ends, O_CLOEXEC) != 0)
		return fail(fob, STATUS_FAILED, "%s", strerror(errno));
	fflush(stdout);
	r = spawn(path, argv, in, ends[1], &ret->pid);
	if (piped)
		close(ends[1]);
	ret->out = ends[0];
	if (r == 0)
		return 0;
	if (piped)
		close(ends[0]);
	return fail(fob, STATUS_FAILED, "cannot start %s: %s", path,
		    strerror(r));
}

int helper_wait(struct helper *helper)
{
	int status;

	if (helper->out >= 0)
		close(helper->out);
	helper->out = -1;
	while (waitpid(helper->pid, &status, 0) < 0)
		if (errno != EINTR)
			return STATUS_FAILED;
	return WIFEXITED(status) ? WEXITSTATUS(status) : STATUS_FAILED;
}

int helper_bytes(struct bytes bytes)
{
	int ends[2];

	/* A pipe holds 64 KiB, so nobody has to read yet. */
	REQUIRE(bytes.n <= HELPER_BYTES_MAX);
	if (pipe2(ends, O_CLOEXEC) != 0)
		return -errno;
	if (bytes.n > 0 &&
	    write(ends[1], bytes.p, bytes.n) != (ssize_t)bytes.n) {
		close(ends[0]);
		close(ends[1]);
		return -EIO;
	}
	close(ends[1]);
	return ends[0];
}
