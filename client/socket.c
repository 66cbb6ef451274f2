#include "client/socket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_SIZE 64
#define PROFILE_MAX 32 /* letters, as the daemon has it */

static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value && value[0] ? value : NULL;
}

/* XDG: a relative path in one of the variables is to be ignored. */
static const char *absolute(const char *name)
{
	const char *value = getenv(name);

	return value && value[0] == '/' ? value : NULL;
}

static int as_given(const char *path, char *ret_path)
{
	size_t n = strlen(path);

	if (n >= SOCKET_PATH_SIZE)
		return SOCKET_ERR_LONG;
	memcpy(ret_path, path, n + 1);
	return 0;
}

/* "fob", or "fob-" and the profile. */
static int folder_name(char ret[static FOLDER_SIZE])
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_-";
	const char *profile = variable("FOB_PROFILE");
	size_t n;

	if (!profile) {
		memcpy(ret, "fob", 4);
		return 0;
	}
	n = strlen(profile);
	if (n > PROFILE_MAX || strspn(profile, plain) != n)
		return SOCKET_ERR_PROFILE;
	snprintf(ret, FOLDER_SIZE, "fob-%s", profile);
	return 0;
}

static int join(char *ret_path, const char *a, const char *b, const char *c)
{
	int n = snprintf(ret_path, SOCKET_PATH_SIZE, "%s%s%s", a, b, c);

	return n < 0 || (size_t)n >= SOCKET_PATH_SIZE ? SOCKET_ERR_LONG : 0;
}

static bool ours_and_closed(const char *folder)
{
	struct stat st;

	return lstat(folder, &st) == 0 && S_ISDIR(st.st_mode) &&
	       st.st_uid == geteuid() && (st.st_mode & 0777) == 0700;
}

static int in_vault(const char *folder, char *ret_path)
{
	char name[FOLDER_SIZE + 32];
	const char *data = absolute("XDG_DATA_HOME");
	const char *home = absolute("HOME");

	snprintf(name, sizeof(name), "%s/run/fobd.sock", folder);
	if (data)
		return join(ret_path, data, "/", name);
	if (home)
		return join(ret_path, home, "/.local/share/", name);
	return SOCKET_ERR_NOWHERE;
}

int socket_path(const char *named, char ret_path[static SOCKET_PATH_SIZE])
{
	const char *runtime = absolute("XDG_RUNTIME_DIR");
	char folder[FOLDER_SIZE], system[32];
	char name[FOLDER_SIZE + 16];
	int r;

	if (!named)
		named = variable("FOB_SOCKET");
	if (named)
		return as_given(named, ret_path);
	r = folder_name(folder);
	if (r != 0)
		return r;
	snprintf(name, sizeof(name), "%s/fobd.sock", folder);
	if (runtime)
		return join(ret_path, runtime, "/", name);
	snprintf(system, sizeof(system), "/run/user/%u",
		 (unsigned int)geteuid());
	if (ours_and_closed(system))
		return join(ret_path, system, "/", name);
	return in_vault(folder, ret_path);
}
