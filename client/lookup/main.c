/*
 * fob-lookup HOST PORT: prints the addresses that a name stands for, one a
 * line, as the daemon takes them. It is a program of its own because the
 * C library looks names up with modules that it loads, and fob, which is
 * linked statically to start fast, has no way to load any.
 */
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "proto/status.h"

static void print_one(const struct addrinfo *info)
{
	char host[NI_MAXHOST], port[NI_MAXSERV];
	bool six = info->ai_family == AF_INET6;

	if (getnameinfo(info->ai_addr, info->ai_addrlen, host, sizeof(host),
			port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV))
		return;
	printf(six ? "[%s]:%s\n" : "%s:%s\n", host, port);
}

int main(int argc, char **argv)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL, *info;
	int r;

	if (argc != 3)
		return STATUS_USAGE;
	r = getaddrinfo(argv[1], argv[2], &hints, &list);
	if (r != 0) {
		fprintf(stderr, "fob: %s: %s\n", argv[1], gai_strerror(r));
		return STATUS_FAILED;
	}
	for (info = list; info; info = info->ai_next)
		print_one(info);
	freeaddrinfo(list);
	return fflush(stdout) ? STATUS_FAILED : STATUS_OK;
}
