/*
 * Other devices of one node's vault, played by a test: made by tests/lib/build
 * and let in by the node, they connect, say what the test wants, and keep what
 * they hear. Failures abort.
 */
#ifndef FOB_TESTS_GUEST_H
#define FOB_TESTS_GUEST_H

#include "tests/lib/build.h"
#include "tests/lib/one.h"

#define GUEST_LIST 256
#define GUEST_TRACES 64

struct guest_heard {
	uint32_t conn;
	Fob__PeerMessage *message; /* owned */
};

struct guests {
	struct one *one;
	struct build b; /* its vault id is the node's; use devices from 1 */
	uint64_t seq;	/* of Items messages */
	/* Since guests_forget(), in order. */
	struct guest_heard heard[GUEST_LIST];
	size_t n_heard;
	uint32_t closed[GUEST_LIST];
	size_t n_closed;
	uint32_t dialed[GUEST_LIST];
	char address[GUEST_LIST][64];
	size_t n_dialed;
	unsigned traces[GUEST_TRACES]; /* how many of each */
	uint64_t timer;		       /* of the last step */
	uint32_t n_denied;	       /* of the channels' keys, and the last */
	uint8_t denied[KEY_SIZE];
};

/* The node of one has a vault and is unlocked. */
void guests_init(struct guests *guests, struct one *one);
void guests_deinit(struct guests *guests);
void guests_forget(struct guests *guests);

/* The node adds device number, with or without keys: its author. */
uint32_t guests_add(struct guests *guests, int number, uint32_t role);
uint32_t guests_author(struct guests *guests, int number);

/* A channel to that device comes up; conn has CONN_DIALED when we dialed. */
void guests_up(struct guests *guests, int number, uint32_t conn);
void guests_down(struct guests *guests, uint32_t conn, bool dialed);
void guests_say(struct guests *guests, uint32_t conn,
		const Fob__PeerMessage *message);
void guests_hello(struct guests *guests, uint32_t conn);
/* An up and a Hello. */
void guests_meet(struct guests *guests, int number, uint32_t conn);
/* Items of the build, whole; stub: without their blobs. */
void guests_give(struct guests *guests, uint32_t conn, struct build_list items,
		 bool stub);
/* Answers a Roots that was heard as though equal. */
void guests_agree(struct guests *guests, uint32_t conn);

bool guests_closed(const struct guests *guests, uint32_t conn);
/* The last message on a connection, or NULL. */
const Fob__PeerMessage *guests_last(const struct guests *guests, uint32_t conn);
size_t guests_count(const struct guests *guests, uint32_t conn);
bool guests_held(const struct guests *guests, int item);

#endif
