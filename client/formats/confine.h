/*
 * Takes from this process what a reader of hostile files does not need: new
 * files, new memory beyond a bound, new processes, the network, and time.
 * After it only what is open can be read and written, and memory be had.
 */
#ifndef FOB_FORMATS_CONFINE_H
#define FOB_FORMATS_CONFINE_H

#define CONFINE_MEMORY (256ul * 1024 * 1024) /* bytes of address space */
#define CONFINE_SECONDS 20		     /* of the processor */

/*
 * 0 or a negative errno. It cannot be undone. Under the sanitizers, which
 * need more of the system, only the limit of time is set.
 */
int confine(void);

#endif
