#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/net/inner.h"
#include "daemon/net/net.h"

/* --- the file --------------------------------------------------------------- */

/* A folder that others can write into is one where they can change our file. */
static int check_folder(const struct sockaddr_un *address)
{
	char folder[sizeof(address->sun_path)];
	struct stat st;

	memcpy(folder, address->sun_path, sizeof(folder));
	char *slash = strrchr(folder, '/');
	if (!slash)
		return NET_ERR_FOLDER;
	slash[slash == folder] = '\0';
	if (mkdir(folder, 0700) < 0 && errno != EEXIST)
		return -errno;
	if (lstat(folder, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
	    (st.st_mode & 022))
		return NET_ERR_FOLDER;
	return 0;
}

static int unix_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return fd < 0 ? -errno : fd;
}

/* Is a name that is taken in use? 0: no, and it is gone now. */
static int clear_name(const struct sockaddr_un *address)
{
	struct stat st;

	if (lstat(address->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return NET_ERR_FILE;
	int fd = unix_socket();
	if (fd < 0)
		return fd;
	int rc =
		connect(fd, (const struct sockaddr *)address, sizeof(*address));
	int error = rc < 0 ? errno : 0;
	close(fd);
	/* Only a socket that nobody listens on refuses. */
	if (error == 0 || error == EAGAIN || error == EINPROGRESS)
		return NET_ERR_RUNNING;
	if (error != ECONNREFUSED)
		return -error;
	return unlink(address->sun_path) < 0 ? -errno : 0;
}

static int bind_name(const struct sockaddr_un *address, int *ret_fd)
{
	int fd = unix_socket();
	if (fd < 0)
		return fd;
	mode_t old = umask(0177);
	int rc = bind(fd, (const struct sockaddr *)address, sizeof(*address)) <
				 0 ?
			 -errno :
			 0;
	umask(old);
	if (rc) {
		close(fd);
		return rc;
	}
	*ret_fd = fd;
	return 0;
}

static int take_name(const char *path, int *ret_fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t n = strlen(path);

	if (n >= sizeof(address.sun_path))
		return NET_ERR_DEEP;
	memcpy(address.sun_path, path, n);
	int rc = check_folder(&address);
	if (!rc)
		rc = clear_name(&address);
	if (!rc)
		rc = bind_name(&address, ret_fd);
	return rc;
}

/* --- clients ---------------------------------------------------------------- */

/*
 * Nobody but ourselves, root included. The process id is not asked: it may be
 * somebody else's by now.
 */
static bool is_ours(struct conn *conn)
{
	struct ucred cred;
	socklen_t n = sizeof(cred);
	uv_os_fd_t fd;

	return uv_fileno(&conn->io.handle, &fd) == 0 &&
	       getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) == 0 &&
	       cred.uid == geteuid();
}

void local_take(struct listener *listener)
{
	struct net *net = listener->net;

	/* One too many waits for a place, and is not turned away. */
	if (net_count(net, CONN_CLIENT) >= CLIENTS_MAX) {
		listen_rest(listener, NET_REST_MS);
		return;
	}
	struct conn *conn = conn_new(net, CONN_CLIENT);
	if (!conn) {
		listen_rest(listener, NET_REST_MS);
		return;
	}
	if (uv_accept(&listener->io.stream, &conn->io.stream) || net->closing ||
	    !is_ours(conn)) {
		conn_abort(conn, -EPERM);
		return;
	}
	conn_announce(conn);
	conn_read(conn);
}

int net_local_fd(struct net *net, int fd)
{
	struct listener *l = listen_new(net, true);
	if (!l) {
		close(fd);
		return -ENOMEM;
	}
	int rc = listen_begin(l, fd);
	if (rc)
		listen_close(l);
	return rc;
}

int net_local(struct net *net, const char *path)
{
	int fd;

	int rc = take_name(path, &fd);
	if (rc)
		return rc;
	char *copy = strdup(path);
	if (!copy) {
		close(fd);
		return -ENOMEM;
	}
	rc = net_local_fd(net, fd);
	if (rc) {
		unlink(path);
		free(copy);
		return rc;
	}
	/* It is removed when we go; one that systemd gave us is not. */
	net->listeners->path = copy;
	return 0;
}
