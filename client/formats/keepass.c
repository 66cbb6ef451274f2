#include "client/formats/keepass.h"

#include <errno.h>
#include <string.h>

#include "client/formats/buffer.h"
#include "client/formats/encoded.h"
#include "client/formats/login.h"
#include "client/formats/names.h"
#include "client/formats/number.h"
#include "client/formats/percent.h"
#include "proto/item.pb-c.h"
#include "proto/text.h"

static const char *const names[KEEPASS_FIELDS] = {
	[KEEPASS_TITLE] = "Title",
	[KEEPASS_USER] = "UserName",
	[KEEPASS_NOTES] = "Notes",
	[KEEPASS_OTP] = "otp",
	[KEEPASS_SEED] = "TOTP Seed",
	[KEEPASS_SETTINGS] = "TOTP Settings",
	[KEEPASS_TIME_TEXT] = "TimeOtp-Secret",
	[KEEPASS_TIME_HEX] = "TimeOtp-Secret-Hex",
	[KEEPASS_TIME_BASE32] = "TimeOtp-Secret-Base32",
	[KEEPASS_TIME_BASE64] = "TimeOtp-Secret-Base64",
	[KEEPASS_TIME_LENGTH] = "TimeOtp-Length",
	[KEEPASS_TIME_PERIOD] = "TimeOtp-Period",
	[KEEPASS_TIME_ALGORITHM] = "TimeOtp-Algorithm",
	[KEEPASS_COUNT_TEXT] = "HmacOtp-Secret",
	[KEEPASS_COUNT_HEX] = "HmacOtp-Secret-Hex",
	[KEEPASS_COUNT_BASE32] = "HmacOtp-Secret-Base32",
	[KEEPASS_COUNT_BASE64] = "HmacOtp-Secret-Base64",
	[KEEPASS_COUNT_COUNTER] = "HmacOtp-Counter",
};

enum keepass_field keepass_field(struct bytes name)
{
	enum keepass_field i = KEEPASS_TITLE;

	while (i < KEEPASS_FIELDS && !text_same(name, text_of(names[i])))
		i++;
	return i;
}

static bool has(const struct keepass *k, enum keepass_field field)
{
	return k->value[field].n > 0;
}

static int refuse(struct fault *fault, const char *field, const char *why)
{
	*fault = (struct fault){ field, why };
	return ENTRY_ERR_INVALID;
}

static void set_algorithm(struct entry *entry, struct bytes name)
{
	uint32_t algorithm = names_algorithm(name);

	if (name.n > 0)
		entry->algorithm = algorithm ? algorithm : UINT32_MAX;
}

/* --- secrets in four encodings ---------------------------------------------------- */

static int set_base64(struct entry *entry, struct bytes text,
		      struct fault *fault)
{
	AUTO_BUFFER struct buffer secret = { 0 };
	int r = buffer_base64(&secret, text);

	if (r == BUFFER_ERR_TEXT)
		return refuse(fault, "secret", "is not base64");
	return r ? r : entry_set_secret(entry, buffer_bytes(&secret), fault);
}

/* first: the field of the secret as text; the other three come behind it. */
static int set_secret(const struct keepass *k, enum keepass_field first,
		      struct entry *entry, struct fault *fault)
{
	if (has(k, first))
		return entry_set_secret(entry, k->value[first], fault);
	if (has(k, first + 1))
		return encoded_hex(entry, k->value[first + 1], fault);
	if (has(k, first + 2))
		return encoded_base32(entry, k->value[first + 2], fault);
	return set_base64(entry, k->value[first + 3], fault);
}

static bool has_secret(const struct keepass *k, enum keepass_field first)
{
	return has(k, first) || has(k, first + 1) || has(k, first + 2) ||
	       has(k, first + 3);
}

/* --- the dialects --------------------------------------------------------------------- */

/* "30;8", "30;S" for Steam; a third part is a URL of no use here. */
static void apply_settings(struct entry *entry, struct bytes settings)
{
	const uint8_t *end = memchr(settings.p, ';', settings.n);
	struct bytes period = settings, digits = { NULL, 0 };

	if (end) {
		period.n = (size_t)(end - settings.p);
		digits = (struct bytes){ end + 1, settings.n - period.n - 1 };
	}
	end = digits.n ? memchr(digits.p, ';', digits.n) : NULL;
	if (end)
		digits.n = (size_t)(end - digits.p);
	number_take(period, &entry->period);
	if (text_same(digits, text_of("S")))
		entry->type = FOB__OTP_TYPE__STEAM;
	else
		number_take(digits, &entry->digits);
}

static int fill_seed(const struct keepass *k, struct entry *entry,
		     struct fault *fault)
{
	if (has(k, KEEPASS_SETTINGS))
		apply_settings(entry, k->value[KEEPASS_SETTINGS]);
	return encoded_base32(entry, k->value[KEEPASS_SEED], fault);
}

static bool is_query(struct bytes otp)
{
	return otp.n > 4 && memmem(otp.p, otp.n, "key=", 4) != NULL &&
	       memmem(otp.p, otp.n, "://", 3) == NULL;
}

/* One "key=value", whose value is decoded already. */
static int apply_query(struct entry *entry, struct bytes key,
		       struct bytes value, struct fault *fault)
{
	if (text_same(key, text_of("key")))
		return encoded_base32(entry, value, fault);
	if (text_same(key, text_of("size")))
		number_take(value, &entry->digits);
	else if (text_same(key, text_of("step")))
		number_take(value, &entry->period);
	else if (text_same(key, text_of("otpHashMode")))
		set_algorithm(entry, value);
	else if (text_same(key, text_of("type")))
		entry->type = names_type(value);
	else if (text_same(key, text_of("counter")) &&
		 !number_counter(value, &entry->counter))
		return refuse(fault, "counter", "is not a number");
	return 0;
}

/* KeeOtp: "key=...&size=8&step=25&otpHashMode=Sha256". */
static int fill_query(struct bytes otp, struct entry *entry,
		      struct fault *fault)
{
	AUTO_BUFFER struct buffer value = { 0 };
	int r = buffer_alloc(&value, otp.n);

	while (r == 0 && otp.n > 0) {
		const uint8_t *end = memchr(otp.p, '&', otp.n), *equal;
		struct bytes part = { otp.p,
				      end ? (size_t)(end - otp.p) : otp.n };
		struct bytes key = part;
		size_t used = part.n + (end ? 1 : 0), n = 0;

		otp = (struct bytes){ otp.p + used, otp.n - used };
		equal = part.n ? memchr(part.p, '=', part.n) : NULL;
		if (!equal)
			continue;
		key.n = (size_t)(equal - part.p);
		part = (struct bytes){ equal + 1, part.n - key.n - 1 };
		if (percent_decode(part, true, value.p, &n) != 0)
			return refuse(fault, "otp", "is badly encoded");
		r = apply_query(entry, key, (struct bytes){ value.p, n },
				fault);
	}
	return r;
}

static int fill_time(const struct keepass *k, struct entry *entry,
		     struct fault *fault)
{
	number_take(k->value[KEEPASS_TIME_LENGTH], &entry->digits);
	number_take(k->value[KEEPASS_TIME_PERIOD], &entry->period);
	set_algorithm(entry, k->value[KEEPASS_TIME_ALGORITHM]);
	return set_secret(k, KEEPASS_TIME_TEXT, entry, fault);
}

static int fill_count(const struct keepass *k, struct entry *entry,
		      struct fault *fault)
{
	entry->type = FOB__OTP_TYPE__HOTP;
	if (!number_counter(k->value[KEEPASS_COUNT_COUNTER], &entry->counter))
		return refuse(fault, "counter", "is not a number");
	return set_secret(k, KEEPASS_COUNT_TEXT, entry, fault);
}

/* --- entries ------------------------------------------------------------------------ */

/* KeePassXC puts these words into a URI where the entry has no names. */
static int clear_filler(struct entry *entry, enum entry_text which,
			const char *word, struct bytes instead)
{
	struct fault fault;

	if (strcmp(entry_get(entry, which), word) != 0)
		return 0;
	return entry_set(entry, which, instead, &fault);
}

static int fill_otp(const struct keepass *k, struct import *import,
		    uint64_t position, struct entry *entry, struct fault *fault)
{
	struct login login = { k->value[KEEPASS_OTP], k->value[KEEPASS_TITLE],
			       k->value[KEEPASS_USER] };
	int r;

	if (is_query(login.totp))
		return fill_query(login.totp, entry, fault);
	r = login_fill(&login, import, position, entry, fault);
	if (r == 0)
		r = clear_filler(entry, ENTRY_ISSUER, "KeePassXC", login.name);
	if (r == 0)
		r = clear_filler(entry, ENTRY_ACCOUNT, "none", login.user);
	return r;
}

static int names_of(const struct keepass *k, struct entry *entry,
		    struct fault *fault)
{
	int r = entry_set(entry, ENTRY_ISSUER, k->value[KEEPASS_TITLE], fault);

	return r ? r :
		   entry_set(entry, ENTRY_ACCOUNT, k->value[KEEPASS_USER],
			     fault);
}

static int add(struct import *import, uint64_t position,
	       const struct keepass *k, bool counts)
{
	AUTO_ENTRY struct entry entry;
	struct fault fault = { NULL, NULL };
	int r;

	entry_init(&entry);
	r = names_of(k, &entry, &fault);
	if (r == 0 && counts)
		r = fill_count(k, &entry, &fault);
	else if (r == 0 && has(k, KEEPASS_SEED))
		r = fill_seed(k, &entry, &fault);
	else if (r == 0 && has(k, KEEPASS_OTP))
		r = fill_otp(k, import, position, &entry, &fault);
	else if (r == 0)
		r = fill_time(k, &entry, &fault);
	entry_settle(&entry);
	if (r == 0)
		r = import_note(import, position, &entry,
				k->value[KEEPASS_NOTES]);
	if (r == 0)
		r = import_tag(import, position, &entry, k->group);
	return import_take(import, position, &entry, r, fault);
}

int keepass_add(struct import *import, uint64_t position,
		const struct keepass *keepass)
{
	int r = 0;

	if (has(keepass, KEEPASS_SEED) || has(keepass, KEEPASS_OTP) ||
	    has_secret(keepass, KEEPASS_TIME_TEXT))
		r = add(import, position, keepass, false);
	if (r == 0 && has_secret(keepass, KEEPASS_COUNT_TEXT))
		r = add(import, position, keepass, true);
	return r;
}
