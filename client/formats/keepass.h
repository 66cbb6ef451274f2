/*
 * How KeePass and its relatives keep a key for codes in an entry: as texts
 * under names, in several dialects. KeePassXC: "otp", a URI, or the older
 * "TOTP Seed" with "TOTP Settings"; the plugin KeeOtp: "otp" as a query;
 * KeePass 2.47 and later: "TimeOtp-..." and "HmacOtp-...". Source:
 * src/core/Totp.cpp of keepassxreboot/keepassxc; the KeePass help page on
 * placeholders.
 */
#ifndef FOB_FORMATS_KEEPASS_H
#define FOB_FORMATS_KEEPASS_H

#include "client/formats/import.h"

enum keepass_field {
	KEEPASS_TITLE,
	KEEPASS_USER,
	KEEPASS_NOTES,
	KEEPASS_OTP,
	KEEPASS_SEED,
	KEEPASS_SETTINGS,
	KEEPASS_TIME_TEXT,
	KEEPASS_TIME_HEX,
	KEEPASS_TIME_BASE32,
	KEEPASS_TIME_BASE64,
	KEEPASS_TIME_LENGTH,
	KEEPASS_TIME_PERIOD,
	KEEPASS_TIME_ALGORITHM,
	KEEPASS_COUNT_TEXT,
	KEEPASS_COUNT_HEX,
	KEEPASS_COUNT_BASE32,
	KEEPASS_COUNT_BASE64,
	KEEPASS_COUNT_COUNTER,
	KEEPASS_FIELDS,
};

struct keepass {
	struct bytes value[KEEPASS_FIELDS]; /* borrowed; empty: absent */
	struct bytes group;		    /* "Root/Sub", or empty */
};

/* KEEPASS_FIELDS for a name that is none of them. */
enum keepass_field keepass_field(struct bytes name);

/*
 * Adds what the entry has: nothing, one, or one of each kind. Returns as
 * import_add.
 */
int keepass_add(struct import *import, uint64_t position,
		const struct keepass *keepass);

#endif
