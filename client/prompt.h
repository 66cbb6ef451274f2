/*
 * Questions to the person at the terminal, on /dev/tty whatever standard
 * input and output are. The terminal's settings are restored before anything
 * else happens, also when a signal ends the program. Owns nothing.
 */
#ifndef FOB_CLIENT_PROMPT_H
#define FOB_CLIENT_PROMPT_H

#include "proto/base.h"

enum prompt_error {
	PROMPT_ERR_TERMINAL = 1, /* there is none */
	PROMPT_ERR_LONG,	 /* the answer does not fit */
	PROMPT_ERR_END,		 /* the end of input was typed */
};

bool prompt_possible(void);

/*
 * Asks, without echo, and reads a line of at most size bytes; *ret_n is its
 * length without the newline. 0, PROMPT_ERR_ or -errno; then ret is wiped.
 */
int prompt_secret(const char *question, uint8_t *ret, size_t size,
		  size_t *ret_n);

/* The same with echo, and a NUL at the end. */
int prompt_line(const char *question, char *ret, size_t size);

/* "QUESTION [y/N] "; without a terminal: no. */
bool prompt_yes(const char *question);

/*
 * Pages on a screen of their own, which is gone afterwards, turned by keys:
 * on (space, n, Enter, right), back (p, b, left), and an end (q, or on past
 * the last). draw shows page i from 0 and returns 0 or a status, which ends
 * it. 0, that status, or -errno; a signal is let do its work at the end.
 */
int prompt_pages(size_t n, int (*draw)(void *context, size_t i), void *context);

#endif
