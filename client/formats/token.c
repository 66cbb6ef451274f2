#include "client/formats/token.h"

#include <errno.h>
#include <string.h>

#include "client/formats/filler.h"
#include "proto/item.pb-c.h"
#include "proto/text.h"

int token_bytes(const json_t *list, struct buffer *ret)
{
	AUTO_BUFFER struct buffer bytes = { 0 };
	const json_t *value;
	size_t i;

	if (!json_is_array(list))
		return TOKEN_ERR_BYTES;
	if (buffer_alloc(&bytes, json_array_size(list)) < 0)
		return -ENOMEM;
	json_array_foreach(list, i, value)
	{
		json_int_t v = json_integer_value(value);

		if (!json_is_integer(value) || v < -128 || v > 255)
			return TOKEN_ERR_BYTES;
		bytes.p[i] = (uint8_t)(v & 0xff);
	}
	buffer_free(ret);
	*ret = bytes;
	bytes = (struct buffer){ 0 };
	return 0;
}

/* What the person has made of the names comes first. */
static void take_names(struct filler *f)
{
	static const char *const issuers[] = { "issuerAlt", "issuerExt",
					       "issuerInt" };

	for (size_t i = 0; i < ARRAY_SIZE(issuers); i++) {
		if (json_get_text(&f->record, issuers[i]).n == 0)
			continue;
		filler_text(f, ENTRY_ISSUER, issuers[i]);
		break;
	}
	filler_text(f, ENTRY_ACCOUNT, "label");
	if (json_get_text(&f->record, "labelAlt").n > 0)
		filler_text(f, ENTRY_ACCOUNT, "labelAlt");
}

/* Steam is told by the name alone. */
static void take_type(struct filler *f)
{
	filler_type(f, "type");
	if (f->entry.type == FOB__OTP_TYPE__TOTP &&
	    text_same(json_get_text(&f->record, "issuerExt"), text_of("Steam")))
		f->entry.type = FOB__OTP_TYPE__STEAM;
}

/* One that was never used stands at -1 in older versions. */
static void take_counter(struct filler *f)
{
	if (json_get_signed(&f->record, "counter", 0) == -1)
		f->entry.counter = 0;
	else
		filler_counter(f, "counter");
}

static void take_secret(struct filler *f, struct bytes secret)
{
	AUTO_BUFFER struct buffer own = { 0 };
	struct fault fault = { "secret", "is no list of bytes" };
	int r = 0;

	if (!secret.p) {
		r = token_bytes(json_get_array(&f->record, "secret"), &own);
		secret = buffer_bytes(&own);
	}
	if (r == 0)
		r = entry_set_secret(&f->entry, secret, &fault);
	filler_fail(f, r, fault);
}

int token_add(struct import *import, uint64_t position, const json_t *object,
	      struct bytes secret)
{
	AUTO_FILLER struct filler f;

	filler_init(&f, object, import, position);
	take_names(&f);
	take_type(&f);
	filler_algorithm(&f, "algo");
	filler_digits(&f, "digits");
	if (f.entry.type == FOB__OTP_TYPE__HOTP)
		take_counter(&f);
	else
		filler_period(&f, "period");
	take_secret(&f, secret);
	return filler_add(&f);
}
