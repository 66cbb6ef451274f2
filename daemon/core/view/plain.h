/*
 * The plaintext of one version of an entry (proto/README.md, "Plaintext of
 * an entry"): bytes to a checked Fob__Plain in normal form, and back.
 *
 * Normal form: fields ascending by key, live and gone seeds ascending by vid,
 * each key and vid once, no live vid that is gone, otp there even when it is
 * empty, times after STAMP_MAX are 0, an unset field has no value, protobuf
 * fields that we do not know are left out. Everything in here keeps it.
 * All memory comes from the budget that is given, and goes back to it.
 */
#ifndef FOB_CORE_VIEW_PLAIN_H
#define FOB_CORE_VIEW_PLAIN_H

#include "proto/item.pb-c.h"
#include "proto/limits.h"
#include "proto/secret.h"

enum {
	PLAIN_ERR_MALFORMED = 1, /* breaks a rule of the format */
	PLAIN_ERR_FULL,		 /* over PLAIN_MAX when packed */
};

/* 0, -ENOMEM, PLAIN_ERR_MALFORMED. */
int plain_unpack(struct budget *budget, struct bytes bytes, Fob__Plain **ret);
int plain_new(struct budget *budget, Fob__Plain **ret); /* empty */
void plain_free(struct budget *budget, Fob__Plain *plain);

/*
 * Canonical bytes, from secret_alloc: protobuf fields ascending by number,
 * values of zero left out, GONE_MAX newest of the gone. 0, -ENOMEM,
 * PLAIN_ERR_FULL.
 */
int plain_pack(const Fob__Plain *plain, uint8_t **ret, size_t *ret_len);

/* UTF-8 without control characters, 1 to FIELD_KEY_MAX bytes. */
bool plain_key(const char *key);

/* By key or vid; NULL when there is none. */
Fob__Field *plain_field(const Fob__Plain *plain, const char *key);
Fob__OtpValue *plain_live(const Fob__Plain *plain,
			  const uint8_t vid[static VID_SIZE]);
Fob__Gone *plain_gone(const Fob__Plain *plain,
		      const uint8_t vid[static VID_SIZE]);

/*
 * Puts a copy in place, over the one of that key or vid. A live seed that is
 * gone is not put. 0 or -ENOMEM, then nothing has changed.
 */
int plain_put_field(struct budget *budget, Fob__Plain *plain,
		    const Fob__Field *from);
int plain_put_live(struct budget *budget, Fob__Plain *plain,
		   const Fob__OtpValue *from);

/* Notes a vid as gone, or raises its stamp, and drops it from the live. */
int plain_put_gone(struct budget *budget, Fob__Plain *plain,
		   const uint8_t vid[static VID_SIZE], uint64_t stamp);

#endif
