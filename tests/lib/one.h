/*
 * One node with a disk in memory and a client, for tests of what clients ask.
 * Obeys effects as the driver does, one after the other; loads and keys are
 * answered at once, and time stands still until a test moves it. Failures
 * abort, so tests need not look at them.
 */
#ifndef FOB_TESTS_ONE_H
#define FOB_TESTS_ONE_H

#include "daemon/core/state.h"

#define ONE_WALL INT64_C(1700000000000) /* ms since 1970, at first */
#define ONE_LOG 256

struct one_row {
	enum table table;
	uint8_t key[TABLE_KEY_MAX];
	size_t key_len;
	uint8_t *data; /* owned */
	size_t n;
};

/* An effect that waits for its answer. */
struct one_owed {
	struct effect *effect; /* owned copy */
	struct one_owed *next;
};

struct one {
	struct node *node;
	struct effects effects;
	struct one_row *rows;
	size_t n_rows;
	struct one_owed *owed;
	uint64_t mono, draws;
	int64_t wall;
	uint32_t next_id;
	/* Since the last one_ask: what came, in order. */
	Fob__Reply **replies;
	size_t n_replies;
	/* P: an item was put, R: a reply, C: TRACE_CODE, | : a step begins */
	char log[ONE_LOG];
	size_t n_log;
	unsigned loads;
	bool hold; /* loads and keys wait for one_release */
	/* The store beside: its rows, what its end answers, whether it came. */
	struct one_row *next;
	size_t n_next;
	uint32_t next_error;
	bool ending, renewing;
	/*
	 * In place of node_step, for tests in which a step may fail: then its
	 * effects are dropped, and nothing happens until one_restart.
	 */
	int (*step)(struct node *node, const struct event *event,
		    struct effects *effects);
	bool dead;
	/* Sees each effect before it is obeyed; may be NULL. */
	void (*watch)(void *arg, const struct effect *effect);
	void *watch_arg;
};

/* An empty node that has started; seed makes its entropy. */
void one_init(struct one *one, uint64_t seed);
void one_deinit(struct one *one);
/* Forgets the node and starts another from the disk. */
void one_restart(struct one *one);

/* Begins anew from the store beside, as EFFECT_RENEW has asked for. */
void one_renew(struct one *one);

/*
 * Sends a request and runs until nothing more is owed. The last reply, which
 * is the one's until the next one_ask, or NULL: it waits.
 */
const Fob__Reply *one_ask(struct one *one, Fob__Request *request);
/* Some ms later. The replies that came by that are added to those there. */
void one_later(struct one *one, uint64_t ms);

/* A step with an event of the test's, and what is owed after it. */
void one_event(struct one *one, struct event *event);
/* Sends a request, with an id if it has none; replies add up. */
void one_send(struct one *one, uint32_t conn, Fob__Request *request);
/* The last reply to that request since the last one_ask, or NULL. */
const Fob__Reply *one_reply(const struct one *one, uint32_t id);
void one_release(struct one *one);
/* The same for one that may fail: what node_step returned. */
int one_try(struct one *one, struct event *event);
/* An empty node, not started; rows are the test's to give. */
void one_blank(struct one *one, bool keeper);
/* A row of the disk, or NULL. */
const struct one_row *one_row(struct one *one, enum table table,
			      struct bytes key);

/*
 * A step of the test's own: begin, call what needs a step, end, which obeys
 * the effects.
 */
struct one_step {
	struct step step;
	struct event event;
};
void one_step_begin(struct one *one, struct one_step *ret);
void one_step_end(struct one *one, struct one_step *own);

/* Makes a vault, "passphrase", and asks for it to be open. */
void one_make_vault(struct one *one);

#endif
