/*
 * Addresses with a port as text: "192.0.2.1:47362", "[2001:db8::1]:47362",
 * "[fe80::1%eth0]:47362". Numbers only, no names.
 */
#ifndef FOB_NET_ADDRESS_H
#define FOB_NET_ADDRESS_H

#include <sys/socket.h>

#include "daemon/net/net.h"

/* 0 or NET_ERR_ADDRESS. */
int address_parse(const char *text, struct sockaddr_storage *ret);

/* IPv4 addresses mapped into IPv6 come out as IPv4. */
void address_format(const struct sockaddr *address, char ret[NET_ADDRESS]);

#endif
