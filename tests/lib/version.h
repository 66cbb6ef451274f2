/*
 * Plaintexts of entries, written part by part and encoded as they come: in
 * any order, with errors if the test wants them. No memory is owned: texts
 * and secrets are the caller's, the parts lie in the struct.
 */
#ifndef FOB_TESTS_LIB_VERSION_H
#define FOB_TESTS_LIB_VERSION_H

#include "proto/base.h"
#include "proto/item.pb-c.h"
#include "proto/limits.h"

#define VERSION_FIELDS (FIELDS_MAX + 1)
#define VERSION_LIVE (LIVE_MAX + 1)
#define VERSION_GONE (GONE_MAX + 1)

struct version {
	Fob__Plain plain;
	Fob__Otp otp;
	Fob__Field fields[VERSION_FIELDS], *field_list[VERSION_FIELDS];
	Fob__OtpValue live[VERSION_LIVE], *live_list[VERSION_LIVE];
	Fob__Gone gone[VERSION_GONE], *gone_list[VERSION_GONE];
	uint8_t ids[VERSION_FIELDS + VERSION_LIVE + VERSION_GONE][VID_SIZE];
	size_t n_ids;
	uint8_t bytes[64 * 1024];
};

void version_init(struct version *v);

/* Devices and vids are 16 bytes of one value. */
Fob__Field *version_field(struct version *v, const char *key, const char *value,
			  uint64_t stamp, uint8_t device);
Fob__OtpValue *version_live(struct version *v, uint8_t vid, const char *secret,
			    uint64_t counter); /* HOTP, SHA-1, 6 digits */
Fob__Gone *version_gone(struct version *v, uint8_t vid, uint64_t stamp);

/* Points into v. */
struct bytes version_bytes(struct version *v);

#endif
