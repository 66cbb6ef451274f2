#include "daemon/net/address.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/net/inner.h"

static bool parse_port(const char *text, in_port_t *ret)
{
	size_t n = strlen(text);
	unsigned int port = 0;

	if (n == 0 || n > 5 || strspn(text, "0123456789") != n)
		return false;
	for (const char *p = text; *p; p++)
		port = port * 10 + (unsigned int)(*p - '0');
	if (port > 65535)
		return false;
	*ret = htons((uint16_t)port);
	return true;
}

static bool parse_v6(char *host, struct sockaddr_in6 *ret)
{
	char *zone = strchr(host, '%');

	if (zone) {
		*zone++ = '\0';
		ret->sin6_scope_id = if_nametoindex(zone);
		if (ret->sin6_scope_id == 0)
			return false;
	}
	ret->sin6_family = AF_INET6;
	return inet_pton(AF_INET6, host, &ret->sin6_addr) == 1;
}

int address_parse(const char *text, struct sockaddr_storage *ret)
{
	struct sockaddr_in6 v6 = { 0 };
	struct sockaddr_in v4 = { 0 };
	char host[NET_ADDRESS];
	size_t n = strlen(text);

	if (n >= sizeof(host))
		return NET_ERR_ADDRESS;
	memcpy(host, text, n + 1);
	char *colon = strrchr(host, ':');
	if (!colon)
		return NET_ERR_ADDRESS;
	*colon = '\0';
	memset(ret, 0, sizeof(*ret));
	if (host[0] == '[') {
		if (colon == host || colon[-1] != ']')
			return NET_ERR_ADDRESS;
		colon[-1] = '\0';
		if (!parse_port(colon + 1, &v6.sin6_port) ||
		    !parse_v6(host + 1, &v6))
			return NET_ERR_ADDRESS;
		memcpy(ret, &v6, sizeof(v6));
		return 0;
	}
	v4.sin_family = AF_INET;
	if (!parse_port(colon + 1, &v4.sin_port) ||
	    inet_pton(AF_INET, host, &v4.sin_addr) != 1)
		return NET_ERR_ADDRESS;
	memcpy(ret, &v4, sizeof(v4));
	return 0;
}

static void format_v4(struct in_addr ip, in_port_t port, char ret[NET_ADDRESS])
{
	char host[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &ip, host, sizeof(host));
	snprintf(ret, NET_ADDRESS, "%s:%u", host, ntohs(port));
}

static void format_v6(const struct sockaddr_in6 *v6, char ret[NET_ADDRESS])
{
	char host[INET6_ADDRSTRLEN];

	if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
		struct in_addr ip;
		memcpy(&ip, v6->sin6_addr.s6_addr + 12, sizeof(ip));
		format_v4(ip, v6->sin6_port, ret);
		return;
	}
	inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host));
	snprintf(ret, NET_ADDRESS, "[%s]:%u", host, ntohs(v6->sin6_port));
}

void address_format(const struct sockaddr *address, char ret[NET_ADDRESS])
{
	struct sockaddr_in6 v6;
	struct sockaddr_in v4;

	ret[0] = '\0';
	if (address->sa_family == AF_INET) {
		memcpy(&v4, address, sizeof(v4));
		format_v4(v4.sin_addr, v4.sin_port, ret);
	} else if (address->sa_family == AF_INET6) {
		memcpy(&v6, address, sizeof(v6));
		format_v6(&v6, ret);
	}
}

/* --- our own ---------------------------------------------------------------- */

struct found {
	char (*list)[NET_ADDRESS];
	size_t n, max;
};

static void add(struct found *found, const struct sockaddr *address)
{
	char text[NET_ADDRESS];

	address_format(address, text);
	for (size_t i = 0; i < found->n; i++)
		if (strcmp(found->list[i], text) == 0)
			return;
	if (text[0] && found->n < found->max)
		memcpy(found->list[found->n++], text, sizeof(text));
}

/* Link-local addresses mean something on this machine's links only. */
static bool useful(const struct ifaddrs *i, int family)
{
	struct sockaddr_in6 v6;

	if (!i->ifa_addr || i->ifa_addr->sa_family != family ||
	    !(i->ifa_flags & IFF_UP) || (i->ifa_flags & IFF_LOOPBACK))
		return false;
	if (family != AF_INET6)
		return true;
	memcpy(&v6, i->ifa_addr, sizeof(v6));
	return !IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr);
}

static void add_interfaces(struct found *found, int family, in_port_t port)
{
	struct sockaddr_in6 v6;
	struct sockaddr_in v4;
	struct ifaddrs *all;

	if (getifaddrs(&all) < 0)
		return;
	for (struct ifaddrs *i = all; i; i = i->ifa_next) {
		if (!useful(i, family))
			continue;
		if (family == AF_INET) {
			memcpy(&v4, i->ifa_addr, sizeof(v4));
			v4.sin_port = port;
			add(found, (struct sockaddr *)&v4);
		} else {
			memcpy(&v6, i->ifa_addr, sizeof(v6));
			v6.sin6_port = port;
			add(found, (struct sockaddr *)&v6);
		}
	}
	freeifaddrs(all);
}

static void add_listener(struct found *found, const struct listener *l)
{
	struct sockaddr_storage name;
	struct sockaddr_in6 v6;
	struct sockaddr_in v4;
	int n = sizeof(name);

	if (uv_tcp_getsockname(&l->io.tcp, (struct sockaddr *)&name, &n))
		return;
	if (name.ss_family == AF_INET6) {
		memcpy(&v6, &name, sizeof(v6));
		if (IN6_IS_ADDR_UNSPECIFIED(&v6.sin6_addr)) {
			add_interfaces(found, AF_INET, v6.sin6_port);
			add_interfaces(found, AF_INET6, v6.sin6_port);
			return;
		}
	} else {
		memcpy(&v4, &name, sizeof(v4));
		if (v4.sin_addr.s_addr == htonl(INADDR_ANY)) {
			add_interfaces(found, AF_INET, v4.sin_port);
			return;
		}
	}
	add(found, (struct sockaddr *)&name);
}

size_t net_addresses(const struct net *net, char (*ret)[NET_ADDRESS],
		     size_t max)
{
	struct found found = { ret, 0, max };

	for (const struct listener *l = net->listeners; l; l = l->next)
		if (!l->local && !l->closing)
			add_listener(&found, l);
	return found.n;
}
