/*
 * Draws messages out of a fuzz input, field by field after their description,
 * so that what a target is told is well-formed and means something more often
 * than bytes would: values that need to be right come from a pool of the
 * target's. The same input gives the same messages; where it ends, zeros.
 */
#ifndef FOB_FUZZ_DRAW_H
#define FOB_FUZZ_DRAW_H

#include <protobuf-c/protobuf-c.h>

#include "proto/base.h"

#define DRAW_POOL 96

struct draw {
	struct bytes in;
	struct bytes pool[DRAW_POOL]; /* borrowed */
	size_t n_pool;
	void **made; /* all that was drawn, freed by draw_clear() */
	size_t n_made, cap_made;
};

void draw_init(struct draw *draw, struct bytes in);
void draw_clear(struct draw *draw); /* frees messages and bytes drawn */
/* Frees all. */
void draw_deinit(struct draw *draw);

void draw_know(struct draw *draw, struct bytes value); /* more for the pool */
void draw_know_text(struct draw *draw, const char *text);

bool draw_over(const struct draw *draw);
uint8_t draw_byte(struct draw *draw);
/* Below n, which is not 0. */
uint32_t draw_below(struct draw *draw, uint32_t n);
uint64_t draw_number(struct draw *draw);
/* Something of the pool, perhaps changed, or bytes of the input. */
struct bytes draw_bytes(struct draw *draw);
/* Some memory, zeroed, for as long as messages live. */
void *draw_room(struct draw *draw, size_t n);

/* All fields as the input has it; sub-messages so many levels deep. */
ProtobufCMessage *draw_message(struct draw *draw,
			       const ProtobufCMessageDescriptor *what,
			       int depth);
/*
 * One that has exactly one of its messages, and its other fields at random;
 * now and then two.
 */
ProtobufCMessage *draw_choice(struct draw *draw,
			      const ProtobufCMessageDescriptor *what);

/* As a message holds bytes; nobody writes to them. */
ProtobufCBinaryData draw_data(struct bytes bytes);

/* Packed; now and then with a byte that is not as it should be. */
struct bytes draw_pack(struct draw *draw, const ProtobufCMessage *message);

#endif
