#include "client/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/helper.h"
#include "client/report.h"

#define HOST_SIZE 256
#define PORT_SIZE 8
#define LINES_SIZE 2048 /* more than ADDRESSES_MAX lines */

static bool copy(char *ret, size_t size, const char *text, size_t n)
{
	if (n == 0 || n >= size)
		return false;
	memcpy(ret, text, n);
	ret[n] = '\0';
	return true;
}

static bool port_valid(const char *port)
{
	uint64_t value;

	return options_number(port, &value) && value > 0 && value < 65536;
}

bool address_split(const char *text, char ret_host[static 256],
		   char ret_port[static 8])
{
	const char *colon = strrchr(text, ':');
	const char *end = text + strlen(text);
	bool several = colon && strchr(text, ':') != colon;

	if (text[0] == '[') {
		end = strchr(text, ']');
		if (!end || !copy(ret_host, HOST_SIZE, text + 1,
				  (size_t)(end - text - 1)))
			return false;
		colon = end[1] == ':' ? end + 1 : NULL;
		if (!colon && end[1])
			return false;
	} else {
		/* A bare IPv6 address has colons, and no port. */
		if (several)
			colon = NULL;
		if (colon)
			end = colon;
		if (!copy(ret_host, HOST_SIZE, text, (size_t)(end - text)))
			return false;
	}
	if (!colon)
		return copy(ret_port, PORT_SIZE, ADDRESS_PORT,
			    strlen(ADDRESS_PORT));
	return copy(ret_port, PORT_SIZE, colon + 1, strlen(colon + 1)) &&
	       port_valid(ret_port);
}

static bool known(const struct addresses *addresses, const char *text)
{
	size_t i;

	for (i = 0; i < addresses->n; i++)
		if (strcmp(addresses->text[i], text) == 0)
			return true;
	return false;
}

static void add_lines(char *lines, struct addresses *addresses)
{
	char *line, *rest = lines;

	while ((line = strsep(&rest, "\n")) != NULL) {
		size_t n = strlen(line);

		if (n == 0 || n >= ADDRESS_SIZE ||
		    addresses->n == ADDRESSES_MAX || known(addresses, line))
			continue;
		memcpy(addresses->text[addresses->n++], line, n + 1);
	}
}

/* All that it writes, as far as there is room. */
static void read_lines(int fd, char ret[static LINES_SIZE])
{
	size_t n = 0;
	ssize_t got;

	do {
		got = read(fd, ret + n, LINES_SIZE - 1 - n);
		if (got > 0)
			n += (size_t)got;
	} while ((got > 0 && n < LINES_SIZE - 1) ||
		 (got < 0 && errno == EINTR));
	ret[n] = '\0';
}

/* Digits need no look-up, and no helper program. */
static bool add_numeric(const char *host, const char *port,
			struct addresses *addresses)
{
	struct in6_addr address;
	char line[HOST_SIZE + PORT_SIZE + 4];

	if (inet_pton(AF_INET, host, &address) == 1)
		snprintf(line, sizeof(line), "%s:%s", host, port);
	else if (inet_pton(AF_INET6, host, &address) == 1)
		snprintf(line, sizeof(line), "[%s]:%s", host, port);
	else
		return false;
	add_lines(line, addresses);
	return true;
}

int address_look_up(struct fob *fob, const char *text,
		    struct addresses *addresses)
{
	char host[HOST_SIZE], port[PORT_SIZE], lines[LINES_SIZE];
	char name[] = "fob-lookup";
	char *argv[] = { name, host, port, NULL };
	struct helper helper;
	int r, in;

	if (!address_split(text, host, port))
		return fail(fob, STATUS_USAGE, "not HOST:PORT: %s", text);
	if (add_numeric(host, port, addresses))
		return 0;
	in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	r = helper_start(fob, argv, in, true, &helper);
	if (in >= 0)
		close(in);
	if (r != 0)
		return r;
	read_lines(helper.out, lines);
	r = helper_wait(&helper);
	if (r != 0)
		return fail(fob, STATUS_FAILED, "cannot find %s", host);
	add_lines(lines, addresses);
	return 0;
}
