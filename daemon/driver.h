/*
 * Between the core and the world: feeds events to node_step(), carries out
 * its effects, in order. Writes of all steps of a loop turn are one commit;
 * what is to be sent, answered, dialled or closed waits for it. When a step
 * or a commit fails the process ends at once, and starts again from disk.
 *
 * driver.c feeds and ends turns, carry.c obeys effects, peers.c runs the
 * channels, start.c opens and closes everything, unlock.c and snapshots.c are
 * clients that live inside. They share one struct driver.
 */
#ifndef FOB_DRIVER_H
#define FOB_DRIVER_H

#include "daemon/core/link/channel.h"
#include "daemon/core/node.h"
#include "daemon/host/config.h"
#include "daemon/host/snapfile.h"
#include "daemon/net/net.h"
#include "daemon/store/store.h"
#include "proto/base.h"

#define STORE_FULL_PERCENT 90 /* of the map; the rest is for classes 0, 1 */

/* One connection with a channel on it. */
struct peer {
	struct peer *next;
	struct conn *conn;
	struct channel *channel; /* secret memory; NULL: not connected yet */
	uint8_t remote[KEY_SIZE];
	bool up; /* the core knows it */
};

/* The client inside, which unlocks at start. */
struct unlock {
	uint32_t number; /* 0: none, or done */
	bool answered;	 /* the node is to forget it */
};

/* The client inside that makes snapshots. */
struct snapshots {
	uint32_t number; /* while one is made; else 0 */
	bool answered;	 /* the next part may be asked for */
	bool over;	 /* the node is to forget it */
	bool changed;	 /* since the last one */
	uint64_t due;	 /* mono ms: when one begins */
	struct snapfile *file;
};

struct driver {
	struct config *config;
	struct store *store;
	struct node *node;
	struct loop *loop;
	struct net *net;
	struct effects effects; /* of the step at hand */
	struct effects held;	/* until the commit of this turn */
	struct effects soft;	/* rows that may wait, in order */
	struct effects late;	/* of rows at start, until all are read */
	struct effects loads;	/* EFFECT_LOAD, to be answered in this turn */
	struct effects kdfs;	/* EFFECT_KDF, one at a time */
	bool kdf_runs;
	bool kdf_lost;	   /* the one that runs was of a node that is gone */
	uint64_t soft_due; /* mono ms; UINT64_MAX: nothing waits */
	uint64_t node_due; /* mono ms of the last EFFECT_TIMER */
	uint64_t armed;	   /* mono ms for which the alarm is set */
	struct channel_keys *keys; /* secret memory; NULL: no vault yet */
	struct peer *peers;
	uint32_t next_number;
	struct unlock unlock;
	struct snapshots snapshots;
	char next_name[64]; /* of EFFECT_NEXT_END, to be carried out; or "" */
	bool starting, stepping, stopping, wiping, renewing, told_full;
};

/* --- start.c --- */
/*
 * Opens store, loop and sockets, and gives the node its rows. What goes wrong
 * is logged in one line. 0, or the exit status.
 */
int start_driver(struct driver *driver, struct config *config);
void start_deinit(struct driver *driver); /* after the loop has ended */

/* Commits, says goodbye, closes; the loop ends by itself. */
void start_stop(struct driver *driver);

/* Hangs up on all, and begins anew from the store that is there now. */
void start_again(struct driver *driver);

/* --- driver.c --- */
/* An event with time and entropy in it. */
struct event driver_event(enum event_type type);

/* One step and all that follows from it but what waits for the commit. */
void driver_feed(struct driver *driver, struct event *event);

/* The end of a loop turn: commits, then sends. */
void driver_turn(struct driver *driver);
void driver_alarm(struct driver *driver);

/* A number for what comes in, unused at the moment. */
uint32_t driver_number(struct driver *driver);

/* Logs and ends the process, without a flush: disk is what counts. */
_Noreturn void driver_die(const char *what, int error);

/* --- carry.c --- */
/* Takes the effects of a step: does at once what may be, holds the rest. */
void carry_step(struct driver *driver);
/* After a commit: everything that was held. */
void carry_held(struct driver *driver);
/* Puts soft rows into the transaction. */
void carry_soft(struct driver *driver);
/* Rows from the start, once nothing is read any more. */
void carry_late(struct driver *driver);
/* Appends a copy that takes the data over. */
void carry_move(struct effects *list, struct effect *effect);

/* --- peers.c --- */
void peers_dial(struct driver *driver, const struct effect *effect);
void peers_up(struct driver *driver, struct conn *conn);
void peers_bytes(struct driver *driver, struct conn *conn, struct bytes in);
void peers_down(struct driver *driver, struct conn *conn);
void peers_send(struct driver *driver, struct conn *conn, struct bytes message);
void peers_close(struct peer *peer);		 /* says goodbye, flushes */
uint64_t peers_due(const struct driver *driver); /* mono ms */
void peers_tick(struct driver *driver);

/* --- unlock.c --- */
/* Sends the passphrase of --passphrase-file to the node. */
void unlock_begin(struct driver *driver);
/* A reply to it: true when it was one. */
bool unlock_reply(struct driver *driver, uint32_t conn, struct bytes message);
/* Lets the node forget it when it was answered: true when that was so. */
bool unlock_end(struct driver *driver);

/* --- snapshots.c --- */
void snapshots_start(struct driver *driver);
void snapshots_changed(struct driver *driver);	     /* there is a new item */
uint64_t snapshots_due(const struct driver *driver); /* mono ms */
void snapshots_tick(struct driver *driver);
/* A reply to it: true when it was one. */
bool snapshots_reply(struct driver *driver, uint32_t conn,
		     struct bytes message);
void snapshots_end(struct driver *driver);

/* --- trace.c --- */
void trace_log(const struct effect_trace *trace);

#endif
