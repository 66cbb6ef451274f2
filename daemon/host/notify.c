#include "daemon/host/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FIRST_FD 3 /* SD_LISTEN_FDS_START */

int notify_send(const char *state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");

	if (!path || !path[0])
		return 0;
	size_t n = strlen(path);
	if ((path[0] != '/' && path[0] != '@') || n >= sizeof(address.sun_path))
		return -EINVAL;
	memcpy(address.sun_path, path, n);
	if (path[0] == '@')
		address.sun_path[0] = '\0'; /* an abstract name */
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	socklen_t size =
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	ssize_t sent = sendto(fd, state, strlen(state), MSG_NOSIGNAL,
			      (struct sockaddr *)&address, size);
	int rc = sent < 0 ? -errno : 0;
	close(fd);
	return rc;
}

static bool number(const char *name, long *ret)
{
	const char *text = getenv(name);
	char *end;

	if (!text || !text[0])
		return false;
	errno = 0;
	*ret = strtol(text, &end, 10);
	return errno == 0 && *end == '\0';
}

static bool describe(struct notify_fd *ret, int fd)
{
	struct sockaddr_storage name;
	socklen_t n = sizeof(name);

	if (getsockname(fd, (struct sockaddr *)&name, &n) < 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return false;
	ret->fd = fd;
	ret->is_unix = name.ss_family == AF_UNIX;
	return true;
}

/* Cuts the next name off a list with colons between. */
static void take_name(const char **list, char ret[static 32])
{
	size_t n = strcspn(*list, ":");
	snprintf(ret, 32, "%.*s", (int)size_min(n, 31), *list);
	*list += n;
	if (**list == ':')
		(*list)++;
}

size_t notify_sockets(struct notify_fd ret[static NOTIFY_FDS_MAX])
{
	const char *names = getenv("LISTEN_FDNAMES");
	long pid, count;
	size_t n = 0;

	if (!number("LISTEN_PID", &pid) || pid != (long)getpid() ||
	    !number("LISTEN_FDS", &count) || count < 0 ||
	    count > NOTIFY_FDS_MAX)
		return 0;
	if (!names)
		names = "";
	for (int i = 0; i < (int)count; i++) {
		struct notify_fd found = { 0 };
		take_name(&names, found.name);
		if (describe(&found, FIRST_FD + i))
			ret[n++] = found;
	}
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return n;
}
