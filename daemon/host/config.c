#include "daemon/host/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/limits.h"

#define LINE_BYTES (PATHS_BYTES + 255)

enum kind {
	KIND_PATH,
	KIND_FLAG,
	KIND_LISTEN,
	KIND_LEVEL,
	KIND_SECONDS,
	KIND_COUNT,
};

struct option {
	const char *name;
	enum kind kind;
	size_t offset;
	bool in_file; /* may stand in the file, too */
};

#define FIELD(name) offsetof(struct config, name)

static const struct option options[] = {
	{ "vault", KIND_PATH, FIELD(vault), true },
	{ "socket", KIND_PATH, FIELD(socket), true },
	{ "listen", KIND_LISTEN, 0, true },
	{ "no-listen", KIND_FLAG, FIELD(no_listen), true },
	{ "keeper", KIND_FLAG, FIELD(keeper), true },
	{ "no-discovery", KIND_FLAG, FIELD(no_discovery), true },
	{ "passphrase-file", KIND_PATH, FIELD(passphrase_file), true },
	{ "log-level", KIND_LEVEL, FIELD(log_level), true },
	{ "idle-lock", KIND_SECONDS, FIELD(idle_lock), true },
	{ "snapshot-dir", KIND_PATH, FIELD(snapshot_dir), true },
	{ "snapshot-keep", KIND_COUNT, FIELD(snapshot_keep), true },
	{ "snapshot-delay", KIND_SECONDS, FIELD(snapshot_delay), true },
	{ "insecure-memory", KIND_FLAG, FIELD(insecure_memory), true },
	{ "allow-root", KIND_FLAG, FIELD(allow_root), true },
	{ "config", KIND_PATH, FIELD(file), false },
	{ "help", KIND_FLAG, FIELD(help), false },
	{ "version", KIND_FLAG, FIELD(version), false },
};

const char *config_help(void)
{
	return "usage: fobd [OPTION]...\n"
	       "\n"
	       "Keeps a vault of second factors and syncs it with your other "
	       "devices.\n"
	       "Runs in the foreground; fob is the command to use it.\n"
	       "\n"
	       "  --vault DIR             the vault "
	       "($XDG_DATA_HOME/fob)\n"
	       "  --socket PATH           where fob finds us "
	       "($XDG_RUNTIME_DIR/fob/fobd.sock)\n"
	       "  --listen ADDR:PORT      for other devices, may be repeated "
	       "([::]:47362);\n"
	       "                          port 0 picks a free one\n"
	       "  --no-listen             do not listen, only connect to "
	       "others\n"
	       "  --keeper                hold a copy that cannot be read "
	       "here\n"
	       "  --no-discovery          do not look for devices nearby\n"
	       "  --config FILE           key = value lines, the names of "
	       "these options\n"
	       "  --passphrase-file FILE  unlock at start with its first "
	       "line\n"
	       "  --idle-lock SECONDS     lock when unused so long (900; 0: "
	       "never)\n"
	       "  --snapshot-dir DIR      write snapshots there, every day and "
	       "after changes\n"
	       "  --snapshot-keep N       keep so many of them (7)\n"
	       "  --snapshot-delay SECONDS\n"
	       "                          after a change (300)\n"
	       "  --log-level LEVEL       error, warn, info or debug\n"
	       "  --insecure-memory       go on when memory cannot be "
	       "locked\n"
	       "  --allow-root            run as root without --keeper\n"
	       "  --help, --version\n"
	       "\n"
	       "Example: fobd --listen 127.0.0.1:0 --log-level debug\n";
}

void config_init(struct config *config)
{
	memset(config, 0, sizeof(*config));
	config->log_level = LOG_LEVEL_INFO;
	config->idle_lock = IDLE_LOCK_MS / 1000;
	config->snapshot_keep = CONFIG_SNAPSHOT_KEEP;
	config->snapshot_delay = CONFIG_SNAPSHOT_DELAY;
}

static int wrong(struct config *config, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int wrong(struct config *config, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(config->message, sizeof(config->message), format, args);
	va_end(args);
	return CONFIG_ERR_WRONG;
}

/* --- one value -------------------------------------------------------------- */

static int set_path(struct config *config, const struct option *option,
		    const char *value)
{
	char *field = (char *)config + option->offset;
	int n = value[0] == '~' && value[1] == '/' && getenv("HOME") ?
			snprintf(field, PATHS_BYTES, "%s%s", getenv("HOME"),
				 value + 1) :
			snprintf(field, PATHS_BYTES, "%s", value);

	if (n <= 0)
		return wrong(config, "%s wants a path", option->name);
	if (n >= PATHS_BYTES)
		return wrong(config, "%s: the path is too long", option->name);
	return 0;
}

static int set_flag(struct config *config, const struct option *option,
		    const char *value)
{
	bool *field = (bool *)((char *)config + option->offset);

	if (!value || strcmp(value, "yes") == 0 || strcmp(value, "true") == 0)
		*field = true;
	else if (strcmp(value, "no") == 0 || strcmp(value, "false") == 0)
		*field = false;
	else
		return wrong(config, "%s wants yes or no, not '%s'",
			     option->name, value);
	return 0;
}

static int set_seconds(struct config *config, const struct option *option,
		       const char *value)
{
	size_t n = strlen(value);

	if (n == 0 || n > 9 || strspn(value, "0123456789") != n)
		return wrong(config, "%s wants a number of seconds, not '%s'",
			     option->name, value);
	memcpy((char *)config + option->offset,
	       &(uint64_t){ strtoull(value, NULL, 10) }, sizeof(uint64_t));
	return 0;
}

static int set_count(struct config *config, const struct option *option,
		     const char *value)
{
	size_t n = strlen(value);
	unsigned int count;

	if (n == 0 || n > 4 || strspn(value, "0123456789") != n ||
	    strtoul(value, NULL, 10) == 0)
		return wrong(config,
			     "%s wants a number from 1 to 9999, not "
			     "'%s'",
			     option->name, value);
	count = (unsigned int)strtoul(value, NULL, 10);
	memcpy((char *)config + option->offset, &count, sizeof(count));
	return 0;
}

static int set_listen(struct config *config, const char *value)
{
	if (strlen(value) >= sizeof(config->listen[0]))
		return wrong(config, "listen: the address is too long");
	if (config->n_listen == CONFIG_LISTEN_MAX)
		return wrong(config, "listen: at most %d addresses",
			     CONFIG_LISTEN_MAX);
	snprintf(config->listen[config->n_listen++], sizeof(config->listen[0]),
		 "%s", value);
	return 0;
}

static int set(struct config *config, const struct option *option,
	       const char *value)
{
	switch (option->kind) {
	case KIND_PATH:
		return set_path(config, option, value);
	case KIND_FLAG:
		return set_flag(config, option, value);
	case KIND_LISTEN:
		return set_listen(config, value);
	case KIND_SECONDS:
		return set_seconds(config, option, value);
	case KIND_COUNT:
		return set_count(config, option, value);
	case KIND_LEVEL:
		if (!log_parse_level(value, &config->log_level))
			return wrong(config,
				     "log-level is error, warn, info or debug,"
				     " not '%s'",
				     value);
		return 0;
	}
	return 0;
}

static const struct option *find(const char *name, size_t n)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (strlen(options[i].name) == n &&
		    memcmp(options[i].name, name, n) == 0)
			return &options[i];
	return NULL;
}

static uint32_t bit_of(const struct option *option)
{
	return 1u << (option - options);
}

/* --- options ---------------------------------------------------------------- */

static int one_argument(struct config *config, char **argv, int *at)
{
	const char *arg = argv[*at];

	if (strncmp(arg, "--", 2) != 0)
		return wrong(config, "'%s' is not an option; try fobd --help",
			     arg);
	const char *equals = strchr(arg, '=');
	size_t n = equals ? (size_t)(equals - arg - 2) : strlen(arg + 2);
	const struct option *option = find(arg + 2, n);
	if (!option)
		return wrong(config, "unknown option '%.*s'; try fobd --help",
			     (int)n + 2, arg);
	const char *value = equals ? equals + 1 : NULL;
	if (!value && option->kind != KIND_FLAG) {
		value = argv[*at + 1];
		if (!value)
			return wrong(config, "--%s wants a value",
				     option->name);
		(*at)++;
	}
	config->given |= bit_of(option);
	return set(config, option, value);
}

int config_arguments(struct config *config, int argc, char **argv)
{
	config->argc = argc;
	config->argv = argv;
	for (int i = 1; i < argc; i++) {
		int rc = one_argument(config, argv, &i);
		if (rc)
			return rc;
	}
	return 0;
}

/* --- the file --------------------------------------------------------------- */

static char *trim(char *text)
{
	text += strspn(text, " \t\r");
	size_t n = strlen(text);
	while (n > 0 && strchr(" \t\r", text[n - 1]))
		text[--n] = '\0';
	return text;
}

/* Puts the place before what is wrong. */
static int at_line(struct config *config, const char *path, unsigned int line)
{
	char what[CONFIG_MESSAGE];

	memcpy(what, config->message, sizeof(what));
	return wrong(config, "%.200s:%u: %.250s", path, line, what);
}

/* An option on the command line wins; the two about listening are one. */
static bool overruled(const struct config *config, const struct option *option)
{
	uint32_t wins = bit_of(option);

	if (option->kind == KIND_LISTEN || option->offset == FIELD(no_listen))
		wins = bit_of(find("listen", 6)) | bit_of(find("no-listen", 9));
	return config->given & wins;
}

static int one_line(struct config *config, char *line)
{
	line = trim(line);
	if (line[0] == '\0' || line[0] == '#')
		return 0;
	char *equals = strchr(line, '=');
	if (!equals)
		return wrong(config, "not a line of the form key = value");
	*equals = '\0';
	char *key = trim(line), *value = trim(equals + 1);
	const struct option *option = find(key, strlen(key));
	if (!option || !option->in_file)
		return wrong(config, "unknown key '%s'", key);
	if ((config->from_file & bit_of(option)) && option->kind != KIND_LISTEN)
		return wrong(config, "'%s' is there twice", key);
	config->from_file |= bit_of(option);
	if (overruled(config, option))
		return 0;
	return set(config, option, value);
}

static int check_file(struct config *config, int fd, const char *path)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return wrong(config, "%.300s: not a regular file", path);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return wrong(config, "%.300s: belongs to another user", path);
	if (st.st_mode & 022)
		return wrong(config,
			     "%.300s: others may write to it; mend with: "
			     "chmod go-w",
			     path);
	if (st.st_size > CONFIG_FILE_MAX)
		return wrong(config, "%.300s: too long", path);
	return 0;
}

static int read_lines(struct config *config, FILE *file, const char *path)
{
	AUTO_FREE char *line = NULL;
	size_t room = 0, n;
	unsigned int number = 0;
	int rc = 0;

	errno = 0;
	for (ssize_t got; (got = getline(&line, &room, file)) > 0;) {
		number++;
		n = (size_t)got;
		if (line[n - 1] == '\n')
			line[--n] = '\0';
		/* Text would end there, and the rest be ignored in silence. */
		if (memchr(line, '\0', n))
			rc = wrong(config, "a NUL byte: this is no text");
		else if (n > LINE_BYTES)
			rc = wrong(config, "the line is too long");
		else
			rc = one_line(config, line);
		if (rc)
			return at_line(config, path, number);
	}
	if (feof(file))
		return 0;
	return errno ? -errno : -EIO;
}

static int read_file(struct config *config, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	int rc = check_file(config, fd, path);
	if (rc) {
		close(fd);
		return rc;
	}
	FILE *file = fdopen(fd, "r");
	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	rc = read_lines(config, file, path);
	fclose(file);
	return rc;
}

int config_read(struct config *config)
{
	bool named = config->file[0];

	if (!named && paths_config(config->file)) {
		config->file[0] = '\0'; /* no home: no usual file either */
		return 0;
	}
	int rc = read_file(config, config->file);
	if (rc == -ENOENT && !named)
		return 0;
	if (rc < 0)
		return wrong(config, "%.300s: %s", config->file, strerror(-rc));
	return rc;
}

/* --- what nobody gave ------------------------------------------------------- */

static int path_error(struct config *config, int error, const char *option)
{
	switch ((enum paths_error)error) {
	case PATHS_ERR_HOME:
		return wrong(config,
			     "no folder for the vault: HOME is not set; "
			     "give --%s",
			     option);
	case PATHS_ERR_PROFILE:
		return wrong(config,
			     "FOB_PROFILE may hold letters, digits, '-' and "
			     "'_', at most 32");
	case PATHS_ERR_LONG:
		break;
	}
	return wrong(config, "the path of the %s is too long", option);
}

int config_defaults(struct config *config)
{
	int rc = config->vault[0] ? 0 : paths_vault(config->vault);
	if (rc)
		return path_error(config, rc, "vault");
	rc = config->socket[0] ? 0 :
				 paths_socket(config->vault, config->socket);
	if (rc)
		return path_error(config, rc, "socket");
	if (config->no_listen && config->n_listen)
		return wrong(config, "listen and no-listen exclude each other");
	if (!config->no_listen && !config->n_listen)
		return set_listen(config, CONFIG_LISTEN_DEFAULT);
	return 0;
}

int config_again(const struct config *config, struct config *ret)
{
	config_init(ret);
	int rc = config_arguments(ret, config->argc, config->argv);
	if (!rc)
		rc = config_read(ret);
	return rc ? rc : config_defaults(ret);
}
