/*
 * One request and its replies. Whatever the daemon needs first, a passphrase
 * to unlock or to confirm, is asked of the person and the request is sent
 * again; so a command sees only the answer. It connects at the first request.
 * All functions tell what fails, and return its status.
 */
#ifndef FOB_CLIENT_ASK_H
#define FOB_CLIENT_ASK_H

#include "client/command.h"

struct asking {
	struct fob *fob;
	Fob__Request *request; /* the caller's, until the last reply */
	uint32_t timeout_ms;   /* for each reply; DAEMON_FOREVER */
	uint32_t id;
	unsigned int attempts; /* passphrases that were wrong */
};

/* 0 or a status. */
int ask_begin(struct asking *asking, struct fob *fob, Fob__Request *request);

/*
 * The next reply; its warnings were told, its status may be any. 0, or a
 * status when there is none.
 */
int ask_next(struct asking *asking, struct answer *ret_answer);

/* One more request meanwhile, whose reply tells at most what failed. */
int ask_aside(struct asking *asking, Fob__Request *request);

/* Tells what a reply with a status that is not 0 says; returns it. */
int ask_failed(struct fob *fob, const Fob__Reply *reply);

/* All replies of a request, in order, without an error among them. */
struct answers {
	struct answer *list; /* owned */
	size_t n, capacity;
};

void answers_free(struct answers *answers);
#define AUTO_ANSWERS CLEANUP(answers_free)

/* The whole exchange. ret_answers is zeroed; also on failure it is freed. */
int ask(struct fob *fob, Fob__Request *request, struct answers *ret_answers);

/* The same with another deadline for each reply. */
int ask_within(struct fob *fob, Fob__Request *request, uint32_t timeout_ms,
	       struct answers *ret_answers);

/*
 * Opens the vault with a passphrase or the key file; one that is open is
 * left as it is, and nothing is asked.
 */
int ask_unlock(struct fob *fob);

/* For a request whose reply says nothing but whether it was done. */
int ask_plain(struct fob *fob, Fob__Request *request);

#endif
