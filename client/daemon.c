#include "client/daemon.h"

#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static char client_name[] = "fob " FOB_VERSION;

void answer_free(struct answer *answer)
{
	if (answer->reply)
		fob__reply__free_unpacked(answer->reply,
					  &answer->budget->allocator);
	if (answer->budget)
		budget_deinit(answer->budget);
	free(answer->budget);
	*answer = (struct answer){ 0 };
}

void daemon_init(struct daemon *daemon)
{
	daemon->fd = -1;
	daemon->rest = (struct bytes){ NULL, 0 };
	daemon->last_id = DAEMON_HELLO_ID;
	daemon->greeted = false;
	frame_init(&daemon->frame, FRAME_MAX);
}

void daemon_close(struct daemon *daemon)
{
	if (daemon->fd < 0)
		return;
	close(daemon->fd);
	daemon->fd = -1;
	frame_deinit(&daemon->frame);
	sodium_memzero(daemon->input, sizeof(daemon->input));
	daemon_init(daemon);
}

/* Nobody talks to a socket of another user, root included. */
static bool ours(int fd)
{
	struct ucred peer;
	socklen_t n = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0 &&
	       peer.uid == geteuid();
}

static int connect_error(int error)
{
	switch (error) {
	case ENOENT:
	case ECONNREFUSED:
	case ENOTDIR:
		return DAEMON_ERR_NONE;
	case EACCES:
	case EPERM:
		return DAEMON_ERR_FOREIGN;
	case EAGAIN:
		return DAEMON_ERR_TIMEOUT;
	default:
		return -error;
	}
}

/* Linux: connect() to a local socket waits no longer than a send may. */
static int limit_connect(int fd, uint32_t timeout_ms)
{
	struct timeval limit = { .tv_sec = timeout_ms / 1000,
				 .tv_usec = timeout_ms % 1000 * 1000 };

	if (timeout_ms == DAEMON_FOREVER)
		return 0;
	if (timeout_ms == 0)
		limit.tv_usec = 1; /* none at all would be for ever */
	return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) ?
		       -errno :
		       0;
}

int daemon_connect(struct daemon *daemon, const char *path, uint32_t timeout_ms)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int r;

	REQUIRE(strlen(path) < sizeof(address.sun_path));
	memcpy(address.sun_path, path, strlen(path) + 1);
	daemon->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (daemon->fd < 0)
		return -errno;
	r = limit_connect(daemon->fd, timeout_ms);
	if (r == 0 && connect(daemon->fd, (const struct sockaddr *)&address,
			      sizeof(address)) != 0)
		r = connect_error(errno);
	if (r == 0 && !ours(daemon->fd))
		r = DAEMON_ERR_FOREIGN;
	if (r != 0)
		daemon_close(daemon);
	return r;
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static uint64_t deadline_after(uint32_t timeout_ms)
{
	return timeout_ms == DAEMON_FOREVER ? 0 : now_ms() + timeout_ms;
}

/* Until the socket is ready. deadline: ms, 0: none. */
static int wait_for(int fd, short events, uint64_t deadline)
{
	struct pollfd p = { .fd = fd, .events = events };

	for (;;) {
		uint64_t now = deadline ? now_ms() : 0;
		int left = -1, n;

		if (deadline) {
			if (now >= deadline)
				return DAEMON_ERR_TIMEOUT;
			left = deadline - now > INT32_MAX ?
				       INT32_MAX :
				       (int)(deadline - now);
		}
		n = poll(&p, 1, left);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
}

static int send_all(int fd, struct bytes b, uint64_t deadline)
{
	while (b.n > 0) {
		ssize_t n = send(fd, b.p, b.n, MSG_NOSIGNAL | MSG_DONTWAIT);
		int r;

		if (n >= 0) {
			b.p += n;
			b.n -= (size_t)n;
			continue;
		}
		if (errno == EPIPE || errno == ECONNRESET)
			return DAEMON_ERR_CLOSED;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return -errno;
		r = wait_for(fd, POLLOUT, deadline);
		if (r != 0)
			return r;
	}
	return 0;
}

static size_t append(uint8_t *out, const Fob__Request *request, size_t n)
{
	frame_header(out, n);
	return FRAME_HEADER + fob__request__pack(request, out + FRAME_HEADER);
}

/* The bytes of a greeting, if it is due, and of the request. */
static int pack(struct daemon *daemon, const Fob__Request *request,
		uint8_t **ret, size_t *ret_n)
{
	Fob__Request hello = FOB__REQUEST__INIT;
	Fob__ClientHello who;
	size_t n_hello = 0, n = fob__request__get_packed_size(request);
	size_t at = 0;

	fob__client_hello__init(&who);
	if (n > FRAME_MAX)
		return DAEMON_ERR_LONG;
	if (!daemon->greeted) {
		who.version = DAEMON_PROTOCOL;
		who.client = client_name;
		hello.hello = &who;
		hello.id = DAEMON_HELLO_ID;
		daemon->greeted = true;
		n_hello = fob__request__get_packed_size(&hello);
	}
	*ret = malloc(2 * FRAME_HEADER + n_hello + n);
	if (!*ret)
		return -ENOMEM;
	if (n_hello > 0)
		at = append(*ret, &hello, n_hello);
	at += append(*ret + at, request, n);
	*ret_n = at;
	return 0;
}

int daemon_send(struct daemon *daemon, Fob__Request *request,
		uint32_t timeout_ms)
{
	uint8_t *bytes = NULL;
	size_t n;
	int r;

	request->id = ++daemon->last_id;
	r = pack(daemon, request, &bytes, &n);
	if (r != 0)
		return r;
	r = send_all(daemon->fd, (struct bytes){ bytes, n },
		     deadline_after(timeout_ms));
	sodium_memzero(bytes, n);
	free(bytes);
	return r;
}

static int unpack(struct bytes message, struct answer *ret_answer)
{
	struct budget *budget = malloc(sizeof(*budget));

	if (!budget)
		return -ENOMEM;
	budget_init(budget, false);
	ret_answer->budget = budget;
	ret_answer->reply =
		fob__reply__unpack(&budget->allocator, message.n, message.p);
	if (!ret_answer->reply) {
		int r = budget_error(budget, DAEMON_ERR_PROTOCOL);

		answer_free(ret_answer);
		return r;
	}
	return 0;
}

static int read_more(struct daemon *daemon, uint64_t deadline)
{
	ssize_t n;
	int r = wait_for(daemon->fd, POLLIN, deadline);

	if (r != 0)
		return r;
	do
		n = recv(daemon->fd, daemon->input, sizeof(daemon->input), 0);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno != ECONNRESET)
		return -errno;
	if (n <= 0)
		return DAEMON_ERR_CLOSED;
	daemon->rest = (struct bytes){ daemon->input, (size_t)n };
	return 0;
}

int daemon_receive(struct daemon *daemon, uint32_t timeout_ms,
		   struct answer *ret_answer)
{
	uint64_t deadline = deadline_after(timeout_ms);
	struct bytes message;
	int r;

	for (;;) {
		r = FRAME_ERR_MORE;
		if (daemon->rest.n > 0)
			r = frame_take(&daemon->frame, &daemon->rest, &message);
		if (r == 0)
			return unpack(message, ret_answer);
		if (r == FRAME_ERR_MORE)
			r = read_more(daemon, deadline);
		else if (r > 0)
			r = DAEMON_ERR_PROTOCOL;
		if (r != 0)
			return r;
	}
}
