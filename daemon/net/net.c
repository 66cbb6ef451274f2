#include "daemon/net/net.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/net/inner.h"

int net_new(struct net **ret_net, struct loop *loop,
	    const struct net_events *events, void *owner)
{
	struct net *net = calloc(1, sizeof(*net));
	if (!net)
		return -ENOMEM;
	net->loop = loop;
	net->events = events;
	net->owner = owner;
	*ret_net = net;
	return 0;
}

void net_free(struct net *net)
{
	if (!net)
		return;
	REQUIRE(!net->oldest && !net->listeners);
	free(net);
}

void net_hang_up(struct net *net)
{
	for (struct conn *c = net->oldest; c; c = c->newer) {
		if (c->came_up)
			conn_finish(c);
		else
			conn_abort(c, 0);
	}
}

void net_end(struct net *net)
{
	net->closing = true;
	for (struct listener *l = net->listeners; l; l = l->next)
		listen_close(l);
	net_hang_up(net);
}

void net_meet(struct net *net, bool take)
{
	net->meeting = take;
}

size_t net_count(const struct net *net, enum conn_kind kind)
{
	size_t n = 0;
	for (const struct conn *c = net->oldest; c; c = c->newer)
		n += c->kind == kind && !c->closing;
	return n;
}

struct conn *net_find(const struct net *net, uint32_t number)
{
	for (struct conn *c = net->newest; c && number; c = c->older)
		if (c->number == number && !c->closing && !c->finishing)
			return c;
	return NULL;
}
