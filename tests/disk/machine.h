/*
 * A machine that runs the daemon over the platter: driver, core, store and
 * LMDB as they are, in this process, over a loop, a network and clocks that
 * are not there (machine_world.c). It has one client. When the daemon ends by
 * itself, or the platter is dead, the machine is down, and what it held is
 * dropped without another write.
 */
#ifndef FOB_TESTS_MACHINE_H
#define FOB_TESTS_MACHINE_H

#include <setjmp.h>

#include "daemon/driver.h"
#include "proto/local.pb-c.h"
#include "tests/disk/platter.h"

#define MACHINE_REPLIES 64
#define MACHINE_WALL INT64_C(1700000000000) /* ms since 1970, at first */

struct machine {
	struct platter *platter;
	struct config config;
	struct driver driver;
	bool up;
	pid_t self; /* its child, which looks at the store, ends for real */
	jmp_buf end;
	uint64_t mono;
	int64_t wall;
	struct draw entropy;
	/* Of the last machine_ask(). */
	Fob__Reply *replies[MACHINE_REPLIES];
	size_t n_replies;
	uint32_t next_id;
	bool ended;	      /* by itself: it said why */
	char last_words[300]; /* of its log: warnings and errors */
	/* What the client thinks that the passphrase is, and may be. */
	uint32_t passphrases[2];
	unsigned int snapshots; /* files that it said to have made */
};

void machine_init(struct machine *machine, struct platter *platter);
void machine_deinit(struct machine *machine);

/* Clocks and entropy from this seed on. */
void machine_begin(struct machine *machine, uint64_t seed);

/* Starts the daemon. False: it did not start, last_words says why. */
bool machine_start(struct machine *machine);

/* Ends it: cleanly, or as if it was killed. */
void machine_stop(struct machine *machine);
void machine_drop(struct machine *machine);

/* The last reply, or NULL: the machine went down, or it waits. */
const Fob__Reply *machine_ask(struct machine *machine, Fob__Request *request);

/* So many ms pass, in one go. */
void machine_later(struct machine *machine, uint64_t ms);

/* Runs f inside the daemon's turn, as the core's own step would be. */
void machine_step(struct machine *machine,
		  void (*f)(struct machine *machine, void *arg), void *arg);

/* --- machine_world.c ---------------------------------------------------------- */
extern struct machine *machine_runs; /* NULL: none */

/* What came in and what is due, until nothing is. */
void world_turn(struct machine *machine);
void world_client(struct machine *machine, struct bytes message);
void world_forget(void);

#endif
