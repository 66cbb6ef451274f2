/*
 * CPace over ristretto255 with SHA-512 (draft-irtf-cfrg-cpace, suite
 * CPACE-RISTR255-SHA512, initiator-responder setting): two sides that share a
 * few digits agree on a key, and an onlooker or a liar gets one guess for
 * each run. Pure functions, without state: the caller brings the randomness,
 * keeps the scalar and wipes it. Confirmation is the caller's duty to
 * exchange; the tags are made here.
 */
#ifndef FOB_CORE_PEER_CPACE_H
#define FOB_CORE_PEER_CPACE_H

#include "proto/base.h"

#define CPACE_POINT_SIZE 32
#define CPACE_SCALAR_SIZE 32
#define CPACE_RANDOM_SIZE 64 /* that makes a scalar */
#define CPACE_ISK_SIZE 64
#define CPACE_MAC_SIZE 64
#define CPACE_LENGTH_MAX 10

enum cpace_error {
	CPACE_ERR_REFUSED = 1, /* no point, or the identity: abort */
};

/* What one side sends: its share and its associated data. */
struct cpace_message {
	uint8_t share[CPACE_POINT_SIZE];
	struct bytes ad;
};

/* The LEB128 of n that prepend_len() puts in front; returns its bytes. */
size_t cpace_length(size_t n, uint8_t ret[CPACE_LENGTH_MAX]);

/* calculate_generator: of the password, the channel and the session. */
void cpace_generator(struct bytes prs, struct bytes ci, struct bytes sid,
		     uint8_t ret[CPACE_POINT_SIZE]);

/* sample_scalar, from 64 bytes of randomness. */
void cpace_scalar(const uint8_t random[CPACE_RANDOM_SIZE],
		  uint8_t ret[CPACE_SCALAR_SIZE]);

/*
 * scalar_mult_vfy: our share from the generator, or K from the other side's
 * share. CPACE_ERR_REFUSED when `point` is no encoding of a point, or the
 * result is the identity; then *ret is not used.
 */
int cpace_multiply(const uint8_t scalar[CPACE_SCALAR_SIZE],
		   const uint8_t point[CPACE_POINT_SIZE],
		   uint8_t ret[CPACE_POINT_SIZE]);

/* The session key; `a` is the initiator's message, `b` the responder's. */
void cpace_isk(struct bytes sid, const uint8_t k[CPACE_POINT_SIZE],
	       const struct cpace_message *a, const struct cpace_message *b,
	       uint8_t ret[CPACE_ISK_SIZE]);

/*
 * Explicit key confirmation: the tag that the sender of `message` shows,
 * HMAC-SHA-512 under SHA-512("CPaceMac" || sid || ISK).
 */
void cpace_tag(struct bytes sid, const uint8_t isk[CPACE_ISK_SIZE],
	       const struct cpace_message *message,
	       uint8_t ret[CPACE_MAC_SIZE]);

#endif
