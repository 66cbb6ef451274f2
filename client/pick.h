/*
 * Which code of two: an answer holds this step's code and the next one's, and
 * options say which is wanted. Pure functions.
 */
#ifndef FOB_CLIENT_PICK_H
#define FOB_CLIENT_PICK_H

#include "proto/base.h"
#include "proto/local.pb-c.h"

struct pick {
	bool next;	   /* --next */
	uint64_t min_left; /* ms, 0: any */
};

/* ms that the code is good for from now on; a HOTP code: UINT64_MAX. */
uint64_t pick_left(const Fob__Code *code, uint64_t now);

/*
 * Is the next code the one to show? A code of HOTP never ends, so it is
 * never passed over for too little time.
 */
bool pick_next(const struct pick *pick, const Fob__Code *code, uint64_t now);

#endif
