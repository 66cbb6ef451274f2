#include "client/when.h"

#include <time.h>

#define LAST_SECOND 253402300799 /* of the year 9999 */

uint64_t when_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Exactly n digits. */
static bool digits(const char **text, int n, int *ret)
{
	int value = 0, i;

	for (i = 0; i < n; i++, (*text)++) {
		if (**text < '0' || **text > '9')
			return false;
		value = value * 10 + (**text - '0');
	}
	*ret = value;
	return true;
}

static bool mark(const char **text, char c)
{
	if (**text != c)
		return false;
	(*text)++;
	return true;
}

static int days_in(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30,
				    31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* Days since 1970-01-01 in the Gregorian calendar. */
static int64_t days_since(int year, int month, int day)
{
	int64_t days = day - 1;
	int i;

	for (i = 1970; i < year; i++)
		days += days_in(i, 2) == 29 ? 366 : 365;
	for (i = 1; i < month; i++)
		days += days_in(year, i);
	return days;
}

static bool read_date(const char **text, int64_t *ret_days)
{
	int year, month, day;

	if (!digits(text, 4, &year) || !mark(text, '-') ||
	    !digits(text, 2, &month) || !mark(text, '-') ||
	    !digits(text, 2, &day))
		return false;
	if (year < 1970 || month < 1 || month > 12 || day < 1 ||
	    day > days_in(year, month))
		return false;
	*ret_days = days_since(year, month, day);
	return true;
}

/* HH:MM, HH:MM:SS; parts of a second are read and dropped. */
static bool read_clock(const char **text, int *ret_seconds)
{
	int hour, minute, second = 0;

	if (!digits(text, 2, &hour) || !mark(text, ':') ||
	    !digits(text, 2, &minute))
		return false;
	if (mark(text, ':')) {
		if (!digits(text, 2, &second))
			return false;
		if (mark(text, '.'))
			while (**text >= '0' && **text <= '9')
				(*text)++;
	}
	*ret_seconds = hour * 3600 + minute * 60 + second;
	return hour < 24 && minute < 60 && second < 61;
}

/* What has to be taken off to get to UTC, in seconds. */
static bool read_zone(const char **text, int *ret_seconds)
{
	bool west = **text == '-';
	int hours, minutes;

	*ret_seconds = 0;
	if (**text == '\0')
		return true;
	if (mark(text, 'Z') || mark(text, 'z'))
		return true;
	if (!mark(text, '+') && !mark(text, '-'))
		return false;
	if (!digits(text, 2, &hours))
		return false;
	mark(text, ':');
	if (!digits(text, 2, &minutes) || hours > 14 || minutes > 59)
		return false;
	*ret_seconds = (hours * 3600 + minutes * 60) * (west ? -1 : 1);
	return true;
}

static bool only_digits(const char *text)
{
	const char *p = text;

	while (*p >= '0' && *p <= '9')
		p++;
	return *p == '\0' && p > text && p - text <= 12;
}

int when_parse(const char *text, uint64_t *ret_ms)
{
	int64_t days, seconds = 0;
	int clock = 0, zone = 0;

	if (only_digits(text)) {
		for (; *text; text++)
			seconds = seconds * 10 + (*text - '0');
	} else {
		if (!read_date(&text, &days))
			return WHEN_ERR_INVALID;
		if ((mark(&text, 'T') || mark(&text, 't') ||
		     mark(&text, ' ')) &&
		    (!read_clock(&text, &clock) || !read_zone(&text, &zone)))
			return WHEN_ERR_INVALID;
		seconds = days * 86400 + clock - zone;
	}
	if (*text || seconds < 0 || seconds > LAST_SECOND)
		return WHEN_ERR_INVALID;
	*ret_ms = (uint64_t)seconds * 1000;
	return 0;
}
