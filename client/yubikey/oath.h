/*
 * YKOATH, the protocol of the OATH applet as Yubico publishes it (YKOATH
 * Protocol Specification, developers.yubico.com): the commands, and what the
 * answers say. Pure; everything that is read comes from a card that may be
 * anybody's.
 */
#ifndef FOB_YUBIKEY_OATH_H
#define FOB_YUBIKEY_OATH_H

#include "client/yubikey/apdu.h"
#include "client/yubikey/credential.h"

enum oath_instruction {
	OATH_PUT = 0x01,
	OATH_DELETE = 0x02,
	OATH_LIST = 0xa1,
	OATH_VALIDATE = 0xa3,
	OATH_SELECT = 0xa4, /* with P1 0x04 */
	OATH_CALCULATE_ALL = 0xa4,
	OATH_REMAINING = 0xa5,
};

enum oath_tag {
	OATH_NAME = 0x71,
	OATH_LISTED = 0x72,
	OATH_KEY = 0x73,
	OATH_CHALLENGE = 0x74,
	OATH_RESPONSE = 0x75,
	OATH_SHORT_RESPONSE = 0x76, /* truncated to a code */
	OATH_NO_RESPONSE = 0x77,    /* HOTP, which CALCULATE ALL leaves alone */
	OATH_PROPERTY = 0x78,
	OATH_VERSION = 0x79,
	OATH_COUNTER = 0x7a,
	OATH_ALGORITHM = 0x7b, /* of the access code */
	OATH_TOUCH = 0x7c,
};

/* The types, the high half of a byte; the algorithm is the low half. */
#define OATH_HOTP 0x10
#define OATH_TOTP 0x20
#define OATH_TOUCHED 0x02 /* property: a code takes a touch */

#define OATH_CHALLENGE_SIZE 8
#define OATH_DEVICE_MAX 16

enum oath_error {
	OATH_ERR_BROKEN = 1, /* no answer that the protocol knows */
	OATH_ERR_MANY,	     /* more accounts than CARD_NAMES_MAX */
};

/* What SELECT says. */
struct oath_card {
	uint8_t version[3];
	uint8_t device[OATH_DEVICE_MAX];
	size_t device_n;
	uint8_t challenge[OATH_CHALLENGE_SIZE];
	bool locked; /* there is a challenge: it wants an access code */
};

uint32_t oath_version(const struct oath_card *card);

/* 0 or OATH_ERR_BROKEN. */
int oath_read_select(struct bytes answer, struct oath_card *ret);

struct credentials {
	struct credential list[CARD_NAMES_MAX];
	size_t n;
};

/* 0 or OATH_ERR_. */
int oath_read_list(struct bytes answer, struct credentials *ret);

/*
 * From CALCULATE ALL only which accounts take a touch; the codes stay where
 * they are. A name that the list does not have is passed over.
 */
int oath_read_touch(struct bytes answer, struct credentials *credentials);

/* NULL when there is none of this name. */
struct credential *oath_find(struct credentials *credentials,
			     struct bytes name);

/* The proof in the answer to VALIDATE; it points into the answer. */
int oath_read_proof(struct bytes answer, struct bytes *ret);

/* The id of the applet, for SELECT. */
extern const struct bytes oath_applet;

#endif
