#include "daemon/host/clock.h"

#include <time.h>

uint64_t clock_mono(void)
{
	struct timespec t;
	REQUIRE(clock_gettime(CLOCK_BOOTTIME, &t) == 0);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

int64_t clock_wall(void)
{
	struct timespec t;
	REQUIRE(clock_gettime(CLOCK_REALTIME, &t) == 0);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
