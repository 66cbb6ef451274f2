#include "client/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "client/report.h"

#define HOST_SIZE 256
#define PORT_SIZE 8

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

static void add_one(const struct addrinfo *info, struct addresses *addresses)
{
	char host[INET6_ADDRSTRLEN + 20], port[PORT_SIZE];
	char text[ADDRESS_SIZE];
	bool six = info->ai_family == AF_INET6;
	int n;

	if (addresses->n == ADDRESSES_MAX ||
	    getnameinfo(info->ai_addr, info->ai_addrlen, host, sizeof(host),
			port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV))
		return;
	n = snprintf(text, sizeof(text), six ? "[%s]:%s" : "%s:%s", host, port);
	if (n < 0 || (size_t)n >= sizeof(text) || known(addresses, text))
		return;
	memcpy(addresses->text[addresses->n++], text, (size_t)n + 1);
}

int address_look_up(struct fob *fob, const char *text,
		    struct addresses *addresses)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL, *info;
	char host[HOST_SIZE], port[PORT_SIZE];
	int r;

	if (!address_split(text, host, port))
		return fail(fob, STATUS_USAGE, "not HOST:PORT: %s", text);
	r = getaddrinfo(host, port, &hints, &list);
	if (r != 0)
		return fail(fob, STATUS_FAILED, "cannot find %s: %s", host,
			    gai_strerror(r));
	for (info = list; info; info = info->ai_next)
		add_one(info, addresses);
	freeaddrinfo(list);
	return 0;
}
