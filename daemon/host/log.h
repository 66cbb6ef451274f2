/*
 * Lines on stderr for a person or the journal, which takes the level from a
 * "<N>" before each line. Never a secret in them, and no text of others that
 * could move a cursor: control characters come out as "?".
 */
#ifndef FOB_HOST_LOG_H
#define FOB_HOST_LOG_H

#include "proto/base.h"

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

#define LOG_LINE_MAX 1024

void log_set_level(enum log_level level); /* LOG_LEVEL_INFO at first */

/* "error", "warn", "info", "debug"; false: no such level. */
bool log_parse_level(const char *text, enum log_level *ret);

void log_line(enum log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
