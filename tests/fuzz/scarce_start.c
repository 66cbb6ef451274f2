/*
 * A program in which memory is scarce from its start, for end-to-end tests:
 * FOB_SCARCE=N lets the N-th allocation fail, and all later ones when
 * FOB_SCARCE_ON is set. FOB_SCARCE_ENOUGH names a file that is made at the
 * end when there were not so many.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/fuzz/scarce.h"

static void end(void)
{
	const char *path = getenv("FOB_SCARCE_ENOUGH");
	int fd;

	if (scarce_pause() || !path)
		return;
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
}

__attribute__((constructor)) static void start(void)
{
	const char *n = getenv("FOB_SCARCE");

	if (!n)
		return;
	scarce_begin((unsigned)strtoul(n, NULL, 10),
		     getenv("FOB_SCARCE_ON") != NULL);
	if (atexit(end) == 0)
		scarce_resume();
}
