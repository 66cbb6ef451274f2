/*
 * What a helper answers: framed ImportItem messages (proto/local.proto) on
 * standard output, which client/parsed reads.
 */
#ifndef FOB_SANDBOX_OUTPUT_H
#define FOB_SANDBOX_OUTPUT_H

#include "proto/local.pb-c.h"

/* Both: 0 or a negative errno. An item is at most FRAME_MAX bytes, packed. */
int output_item(const Fob__ImportItem *item);

/* The whole input is refused, and why. */
int output_error(const char *text);

#endif
