#include "daemon/host/harden.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/status.h"

int harden_descriptors(void)
{
	/* Else the store could become the file that errors are written to. */
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
			return -errno;
	return 0;
}

/*
 * A page of the store that cannot be had, of a file that was cut off or on a
 * disk that fails. Only write(2) and _exit(2) may be used here.
 */
static void on_lost_page(int number UNUSED)
{
	static const char text[] =
		"fobd: error: the vault could not be read: its file was cut "
		"off, or the disk is broken or full; stopping\n";

	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(STATUS_FAILED); /* nobody to tell */
	_exit(STATUS_FAILED);
}

static int harden_signals(void)
{
	struct sigaction lost = { .sa_handler = on_lost_page };

	/* A closed pipe, and a limit of file sizes, are errors of a write. */
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
	    signal(SIGXFSZ, SIG_IGN) == SIG_ERR ||
	    sigaction(SIGBUS, &lost, NULL) < 0)
		return -errno;
	return 0;
}

int harden_process(void)
{
	struct rlimit none = { 0, 0 };

	umask(077);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
	    setrlimit(RLIMIT_CORE, &none) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return harden_signals();
}
