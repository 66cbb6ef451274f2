/*
 * Security keys that are made of software, in place of client/fido/device.c:
 * each socket in the folder FOB_TEST_KEYS is a key that is plugged in, and
 * tests/e2e/authenticator.py is what answers there. A message is one byte of
 * command, u32 big-endian length, and the bytes.
 */
#include "client/fido/device.h"

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define NONCE 8

/* One connection; libfido2 opens one at a time for each key. */
struct line {
	int fd;
	uint8_t nonce[NONCE];
};

static void *line_open(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct line *line = calloc(1, sizeof(*line));

	REQUIRE(line && strlen(path) < sizeof(address.sun_path));
	memcpy(address.sun_path, path, strlen(path));
	line->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (line->fd >= 0 && connect(line->fd, (struct sockaddr *)&address,
				     sizeof(address)) == 0)
		return line;
	free(line);
	return NULL;
}

static void line_close(void *handle)
{
	struct line *line = handle;

	close(line->fd);
	free(line);
}

static bool get(int fd, uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t done = read(fd, p, n);

		if (done <= 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

static int line_tx(struct fido_dev *dev, uint8_t command, const uint8_t *p,
		   size_t n)
{
	struct line *line = fido_dev_io_handle(dev);
	uint8_t head[5] = { command, (uint8_t)(n >> 24), (uint8_t)(n >> 16),
			    (uint8_t)(n >> 8), (uint8_t)n };

	if (command == CTAP_CMD_INIT) {
		REQUIRE(n == NONCE);
		memcpy(line->nonce, p, NONCE);
		return 0;
	}
	if (write(line->fd, head, sizeof(head)) != sizeof(head) ||
	    (n > 0 && write(line->fd, p, n) != (ssize_t)n))
		return -1;
	return 0;
}

/* CTAPHID_INIT, CTAP 2.1 section 11.2.9.1.3: nonce, channel, what it can. */
static int greet(const struct line *line, uint8_t *p, size_t n)
{
	static const uint8_t rest[] = { 0, 0, 0, 1, 2, 1, 0, 0, 0x0c };

	if (n < NONCE + sizeof(rest))
		return -1;
	memcpy(p, line->nonce, NONCE);
	memcpy(p + NONCE, rest, sizeof(rest));
	return NONCE + sizeof(rest);
}

static int line_rx(struct fido_dev *dev, uint8_t command, uint8_t *p, size_t n,
		   int ms)
{
	struct line *line = fido_dev_io_handle(dev);
	struct pollfd poll_fd = { line->fd, POLLIN, 0 };
	uint8_t head[5];
	size_t length;

	if (command == CTAP_CMD_INIT)
		return greet(line, p, n);
	if (poll(&poll_fd, 1, ms) <= 0 || !get(line->fd, head, sizeof(head)))
		return -1;
	length = (size_t)head[3] << 8 | head[4];
	if (head[0] != command || length > n || !get(line->fd, p, length))
		return -1;
	return (int)length;
}

static int no_read(void *handle UNUSED, uint8_t *p UNUSED, size_t n UNUSED,
		   int ms UNUSED)
{
	return -1;
}

static int no_write(void *handle UNUSED, const uint8_t *p UNUSED,
		    size_t n UNUSED)
{
	return -1;
}

int device_list(struct device ret[static FIDO2_KEYS_MAX], size_t *ret_n)
{
	const char *folder = getenv("FOB_TEST_KEYS");
	struct dirent **list;
	int n = scandir(folder ? folder : "", &list, NULL, alphasort);

	*ret_n = 0;
	for (int i = 0; i < n; i++) {
		struct device *device = &ret[*ret_n];

		if (list[i]->d_name[0] != '.' && *ret_n < FIDO2_KEYS_MAX) {
			snprintf(device->path, sizeof(device->path),
				 "%.100s/%.100s", folder, list[i]->d_name);
			snprintf(device->name, sizeof(device->name), "%.100s",
				 list[i]->d_name);
			++*ret_n;
		}
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	return FIDO_OK;
}

int device_open(const struct device *device, fido_dev_t **ret)
{
	static const fido_dev_io_t io = { line_open, line_close, no_read,
					  no_write };
	static const fido_dev_transport_t transport = { line_rx, line_tx };
	fido_dev_t *dev = fido_dev_new();
	int r;

	REQUIRE(dev);
	r = fido_dev_set_io_functions(dev, &io);
	if (r == FIDO_OK)
		r = fido_dev_set_transport_functions(dev, &transport);
	if (r == FIDO_OK)
		r = fido_dev_open(dev, device->path);
	if (r == FIDO_OK)
		*ret = dev;
	else
		fido_dev_free(&dev);
	return r;
}
