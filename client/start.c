#include "client/start.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define UNIT "fobd.socket"

extern char **environ;

static bool in_folder(const char *base, const char *below)
{
	char path[4096];
	int n;

	if (!base || !base[0])
		return false;
	n = snprintf(path, sizeof(path), "%s/%s/" UNIT, base, below);
	return n > 0 && (size_t)n < sizeof(path) && access(path, F_OK) == 0;
}

/* The folders of systemd.unit(5) in which a user's unit may lie. */
static bool installed(void)
{
	return in_folder(getenv("XDG_CONFIG_HOME"), "systemd/user") ||
	       in_folder(getenv("HOME"), ".config/systemd/user") ||
	       in_folder(getenv("HOME"), ".local/share/systemd/user") ||
	       in_folder("/etc", "systemd/user") ||
	       in_folder("/usr/local/lib", "systemd/user") ||
	       in_folder("/usr/lib", "systemd/user");
}

bool start_daemon(void)
{
	char name[] = "systemctl", user[] = "--user", quiet[] = "--quiet";
	char start[] = "start", unit[] = UNIT;
	char *argv[] = { name, user, quiet, start, unit, NULL };
	int status;
	pid_t pid;

	/* A profile has a daemon of its own, and the unit is not for it. */
	if (getenv("FOB_SOCKET") || getenv("FOB_PROFILE") || !installed())
		return false;
	if (posix_spawnp(&pid, name, NULL, NULL, argv, environ) != 0)
		return false;
	if (waitpid(pid, &status, 0) != pid)
		return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
