/*
 * HOST:PORT as people type it, made into the numbers that the daemon takes:
 * "192.0.2.1:47362", "[2001:db8::1]:47362". Names are looked up here, since
 * the daemon never waits for a name server.
 */
#ifndef FOB_CLIENT_ADDRESS_H
#define FOB_CLIENT_ADDRESS_H

#include "client/command.h"
#include "proto/limits.h"

#define ADDRESS_SIZE 64
#define ADDRESS_PORT "47362" /* when none is given */

struct addresses {
	char text[ADDRESSES_MAX][ADDRESS_SIZE];
	size_t n;
};

/* Cuts at the port; brackets fall away. False: it is no HOST[:PORT]. */
bool address_split(const char *text, char ret_host[static 256],
		   char ret_port[static 8]);

/*
 * Adds what the name stands for; what does not fit is left out. 0 or
 * a status that was told.
 */
int address_look_up(struct fob *fob, const char *text,
		    struct addresses *addresses);

#endif
