/*
 * The event loop: one alarm, signals, work on the thread pool, and the end of
 * each turn, when all that has come in is dealt with and the loop is about to
 * sleep. It hides libuv; the connections of this room live on it.
 */
#ifndef FOB_NET_LOOP_H
#define FOB_NET_LOOP_H

#include "proto/base.h"

struct loop;

struct loop_events {
	void (*turn)(void *owner);  /* a turn ends: commit, send */
	void (*alarm)(void *owner); /* the time of loop_alarm() has come */
	void (*signal)(void *owner, int number); /* SIGTERM, SIGINT, SIGHUP */
};

/* 0, -errno. events and owner have to live as long as the loop. */
int loop_new(struct loop **ret_loop, const struct loop_events *events,
	     void *owner);

/* Runs until loop_stop() was called and all handles are closed. */
void loop_run(struct loop *loop);

/* Closes what the loop itself has open; the rooms close their own. */
void loop_stop(struct loop *loop);

/* REQUIREs that nothing is open any more. NULL is fine. */
void loop_free(struct loop *loop);

/* One alarm, in so many ms from now; UINT64_MAX: none. */
void loop_alarm(struct loop *loop, uint64_t ms);

/*
 * Runs work(arg) on a thread, then done(owner, arg) on the loop. 0 or -errno;
 * it cannot be called off.
 */
int loop_work(struct loop *loop, void (*work)(void *arg),
	      void (*done)(void *owner, void *arg), void *arg);

#endif
