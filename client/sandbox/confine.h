/*
 * Takes from this process what a reader of hostile files does not need: new
 * files, new memory beyond a bound, new processes, the network, and time.
 * After it only what is open can be read and written, and memory be had.
 */
#ifndef FOB_SANDBOX_CONFINE_H
#define FOB_SANDBOX_CONFINE_H

#include <stdint.h>

#define CONFINE_MEMORY (256ul * 1024 * 1024)	  /* bytes of address space */
#define CONFINE_MEMORY_KDF (1040ul * 1024 * 1024) /* more, when raised */
#define CONFINE_SECONDS 30			  /* of the processor */

enum confine {
	/* Nothing but this: whoever tries more is killed. */
	CONFINE_ALL = 0,
	/* confine_raise() has an effect. */
	CONFINE_RAISABLE = 1,
	/*
	 * Opening a file fails (EACCES), for libraries that look for one
	 * unasked and do without.
	 */
	CONFINE_LENIENT = 2,
	/*
	 * A connection that is open is spoken on, and others are not made.
	 * What libraries want to know of descriptors they do not learn
	 * (EACCES), and locked memory is given back.
	 */
	CONFINE_SPEAKING = 4,
};

/*
 * flags: of enum confine. 0 or a negative errno. It cannot be undone. Under
 * the sanitizers, which need more of the system, only the limit of time is
 * set.
 */
int confine(unsigned int flags);

/*
 * For deriving one key, which may take up to 1 GiB where a format is made so:
 * lets this process have so many bytes more, at most CONFINE_MEMORY_KDF; and
 * back again. Without CONFINE_RAISABLE, and outside of the sandbox, they do
 * nothing.
 */
void confine_raise(uint64_t bytes);
void confine_lower(void);

#endif
