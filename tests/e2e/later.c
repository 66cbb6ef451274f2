/*
 * Preloaded into a daemon, as years cannot be waited for: the wall clock is
 * FOB_LATER_DAYS days ahead. Clocks that only measure go on as they are.
 */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

#define DAY_SECONDS 86400

typedef int clock_function(clockid_t, struct timespec *);

int clock_gettime(clockid_t clock, struct timespec *ret)
{
	static clock_function *real;
	const char *days = getenv("FOB_LATER_DAYS");
	int r;

	if (!real) {
		union {
			void *object;
			clock_function *function;
		} found = { .object = dlsym(RTLD_NEXT, "clock_gettime") };

		real = found.function;
	}
	r = real(clock, ret);
	if (r == 0 && clock == CLOCK_REALTIME && days)
		ret->tv_sec += DAY_SECONDS * strtol(days, NULL, 10);
	return r;
}
