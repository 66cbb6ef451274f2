#include "client/yubikey/oath.h"

#include <string.h>

#include "client/yubikey/access.h"
#include "client/yubikey/tlv.h"

#define TYPE_BITS 0xf0
#define ALGORITHM_BITS 0x0f

static const uint8_t applet[] = { 0xa0, 0x00, 0x00, 0x05, 0x27, 0x21, 0x01 };
const struct bytes oath_applet = { applet, sizeof(applet) };

uint32_t oath_version(const struct oath_card *card)
{
	return CREDENTIAL_VERSION(card->version[0], card->version[1],
				  card->version[2]);
}

static int take_field(const struct tlv *tlv, struct oath_card *ret)
{
	switch (tlv->tag) {
	case OATH_VERSION:
		if (tlv->value.n != sizeof(ret->version))
			return OATH_ERR_BROKEN;
		memcpy(ret->version, tlv->value.p, tlv->value.n);
		return 0;
	case OATH_NAME:
		if (tlv->value.n == 0 || tlv->value.n > sizeof(ret->device))
			return OATH_ERR_BROKEN;
		memcpy(ret->device, tlv->value.p, tlv->value.n);
		ret->device_n = tlv->value.n;
		return 0;
	case OATH_CHALLENGE:
		if (tlv->value.n != sizeof(ret->challenge))
			return OATH_ERR_BROKEN;
		memcpy(ret->challenge, tlv->value.p, tlv->value.n);
		ret->locked = true;
		return 0;
	default:
		/* Newer cards say more. */
		return 0;
	}
}

int oath_read_select(struct bytes answer, struct oath_card *ret)
{
	struct oath_card card = { 0 };
	bool version = false;
	struct tlv tlv;
	int r;

	while ((r = tlv_take(&answer, &tlv)) == 0) {
		if (take_field(&tlv, &card) != 0)
			return OATH_ERR_BROKEN;
		version |= tlv.tag == OATH_VERSION;
	}
	if (r != TLV_ERR_END || !version || card.device_n == 0)
		return OATH_ERR_BROKEN;
	*ret = card;
	return 0;
}

static uint32_t algorithm_of(uint8_t kind)
{
	/* The numbers are the same there and here. */
	uint32_t algorithm = kind & ALGORITHM_BITS;

	return algorithm <= FOB__ALGORITHM__SHA512 ?
		       algorithm :
		       FOB__ALGORITHM__ALGORITHM_NONE;
}

static int read_one(struct bytes value, struct credential *ret)
{
	if (value.n < 2 || value.n - 1 > sizeof(ret->name))
		return OATH_ERR_BROKEN;
	*ret = (struct credential){ .n = value.n - 1 };
	memcpy(ret->name, value.p + 1, ret->n);
	ret->algorithm = algorithm_of(value.p[0]);
	switch (value.p[0] & TYPE_BITS) {
	case OATH_TOTP:
		ret->type = FOB__OTP_TYPE__TOTP;
		return 0;
	case OATH_HOTP:
		ret->type = FOB__OTP_TYPE__HOTP;
		return 0;
	default:
		return OATH_ERR_BROKEN;
	}
}

int oath_read_list(struct bytes answer, struct credentials *ret)
{
	struct tlv tlv;
	int r;

	ret->n = 0;
	while ((r = tlv_take(&answer, &tlv)) == 0) {
		if (tlv.tag != OATH_LISTED)
			return OATH_ERR_BROKEN;
		if (ret->n == ARRAY_SIZE(ret->list))
			return OATH_ERR_MANY;
		r = read_one(tlv.value, &ret->list[ret->n]);
		if (r != 0)
			return r;
		ret->n++;
	}
	return r == TLV_ERR_END ? 0 : OATH_ERR_BROKEN;
}

struct credential *oath_find(struct credentials *credentials, struct bytes name)
{
	for (size_t i = 0; i < credentials->n; i++) {
		struct credential *c = &credentials->list[i];

		if (c->n == name.n && memcmp(c->name, name.p, name.n) == 0)
			return c;
	}
	return NULL;
}

int oath_read_touch(struct bytes answer, struct credentials *credentials)
{
	struct credential *credential;
	struct bytes name;
	struct tlv tlv;

	while (answer.n > 0) {
		if (tlv_take_tag(&answer, OATH_NAME, &name) != 0 ||
		    name.n == 0 || tlv_take(&answer, &tlv) != 0)
			return OATH_ERR_BROKEN;
		credential = oath_find(credentials, name);
		if (!credential)
			continue;
		/* Of HOTP it does not say. */
		credential->touch = tlv.tag == OATH_TOUCH;
		credential->touch_known = credential->touch ||
					  tlv.tag == OATH_SHORT_RESPONSE;
	}
	return 0;
}

int oath_read_proof(struct bytes answer, struct bytes *ret)
{
	struct bytes proof;

	if (tlv_take_tag(&answer, OATH_RESPONSE, &proof) != 0 ||
	    proof.n != ACCESS_PROOF_SIZE)
		return OATH_ERR_BROKEN;
	*ret = proof;
	return 0;
}
