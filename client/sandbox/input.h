/*
 * What a helper reads: all of standard input, up to a bound, in memory that
 * is wiped when it grows and when it goes.
 */
#ifndef FOB_SANDBOX_INPUT_H
#define FOB_SANDBOX_INPUT_H

#include "proto/base.h"

/* Zeroed is empty. */
struct input {
	uint8_t *p; /* owned */
	size_t n, capacity;
};

void input_free(struct input *input);
#define AUTO_INPUT CLEANUP(input_free)

/* 0, a negative errno, or -EFBIG when there are more than most bytes. */
int input_read(struct input *input, size_t most);

struct bytes input_bytes(const struct input *input);

#endif
