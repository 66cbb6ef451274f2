#include "daemon/host/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum log_level limit = LOG_LEVEL_INFO;

static const char *const names[] = { "error", "warn", "info", "debug" };
static const int priorities[] = { 3, 4, 6, 7 }; /* of syslog(3) */

void log_set_level(enum log_level level)
{
	limit = level;
}

bool log_parse_level(const char *text, enum log_level *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(text, names[i]) == 0) {
			*ret = (enum log_level)i;
			return true;
		}
	}
	return false;
}

/* systemd.exec(5): JOURNAL_STREAM is the device and inode of the stream. */
static bool is_journal(void)
{
	const char *text = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return text && sscanf(text, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device &&
	       st.st_ino == inode;
}

static void clean(char *line)
{
	for (char *p = line; *p; p++)
		if ((unsigned char)*p < 32 || *p == 127)
			*p = '?';
}

void log_line(enum log_level level, const char *format, ...)
{
	char line[LOG_LINE_MAX], whole[LOG_LINE_MAX + 32];
	va_list args;

	if (level > limit)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	clean(line);
	int n = is_journal() ?
			snprintf(whole, sizeof(whole), "<%d>%s\n",
				 priorities[level], line) :
			snprintf(whole, sizeof(whole), "fobd: %s%s%s\n",
				 level == LOG_LEVEL_INFO ? "" : names[level],
				 level == LOG_LEVEL_INFO ? "" : ": ", line);
	/* One write a line, so that lines of two processes do not mix. */
	ssize_t done = write(STDERR_FILENO, whole, (size_t)n);
	(void)done; /* there is nowhere to complain */
}
