#include "daemon/host/paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int paths_name(char ret[static 64])
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_-";
	const char *profile = getenv("FOB_PROFILE");

	if (!profile || !profile[0]) {
		snprintf(ret, 64, "fob");
		return 0;
	}
	size_t n = strlen(profile);
	if (n > 32 || strspn(profile, plain) != n)
		return PATHS_ERR_PROFILE;
	snprintf(ret, 64, "fob-%s", profile);
	return 0;
}

/* XDG: a relative path in one of the variables is to be ignored. */
static const char *absolute(const char *variable)
{
	const char *value = getenv(variable);
	return value && value[0] == '/' ? value : NULL;
}

/* base/name/file, where base is the variable's, or below HOME. */
static int below(char *ret, const char *variable, const char *home_part,
		 const char *file)
{
	const char *base = absolute(variable);
	const char *home = absolute("HOME");
	char name[64];

	int rc = paths_name(name);
	if (rc)
		return rc;
	if (!base && !home)
		return PATHS_ERR_HOME;
	int n = base ? snprintf(ret, PATHS_BYTES, "%s/%s%s", base, name, file) :
		       snprintf(ret, PATHS_BYTES, "%s/%s/%s%s", home, home_part,
				name, file);
	return n < 0 || n >= PATHS_BYTES ? PATHS_ERR_LONG : 0;
}

int paths_vault(char ret[static PATHS_BYTES])
{
	return below(ret, "XDG_DATA_HOME", ".local/share", "");
}

int paths_config(char ret[static PATHS_BYTES])
{
	return below(ret, "XDG_CONFIG_HOME", ".config", "/fobd.conf");
}

static bool ours_alone(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
	       st.st_uid == geteuid() && (st.st_mode & 0777) == 0700;
}

int paths_socket(const char *vault, char ret[static PATHS_BYTES])
{
	const char *base = absolute("XDG_RUNTIME_DIR");
	char name[64], run[64];

	int rc = paths_name(name);
	if (rc)
		return rc;
	snprintf(run, sizeof(run), "/run/user/%u", (unsigned int)geteuid());
	if (!base && ours_alone(run))
		base = run;
	int n = base ? snprintf(ret, PATHS_BYTES, "%s/%s/fobd.sock", base,
				name) :
		       snprintf(ret, PATHS_BYTES, "%s/run/fobd.sock", vault);
	return n < 0 || n >= PATHS_BYTES ? PATHS_ERR_LONG : 0;
}

/* What each program leaves in the top folder of those that it looks after. */
static const char *const marks[] = {
	".stfolder",		/* Syncthing */
	".dropbox.cache",	/* Dropbox */
	".nextcloudsync.log",	/* Nextcloud */
	".owncloudsync.log",	/* ownCloud */
	".sync/root_acl_entry", /* Resilio */
	".SynologyWorkingDirectory",
};

static bool marked(const char *folder)
{
	char path[PATHS_BYTES + 32];
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, marks[i]);
		if (lstat(path, &st) == 0)
			return true;
	}
	return false;
}

bool paths_synced(const char *vault, char ret_top[static PATHS_BYTES])
{
	char top[PATHS_BYTES];
	char *slash;

	/* Where it really lies, whatever links lead there. */
	if (!realpath(vault, top))
		return false;
	while (!marked(top)) {
		slash = strrchr(top, '/');
		if (!slash || slash == top)
			return false;
		*slash = '\0';
	}
	memcpy(ret_top, top, strlen(top) + 1);
	return true;
}
