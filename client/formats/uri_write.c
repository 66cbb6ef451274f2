/* The writing half of uri.h. */
#include <sodium.h>
#include <string.h>

#include "client/formats/percent.h"
#include "client/formats/uri.h"
#include "proto/item.pb-c.h"
#include "proto/text.h"

/* Appends until it is full; the end is looked at once, in uri_write. */
struct writer {
	char *p;
	size_t size;
	size_t n;
	bool full;
};

static void put(struct writer *w, const char *text)
{
	size_t n = strlen(text);

	if (w->full || w->size - w->n <= n) {
		w->full = true;
		return;
	}
	memcpy(w->p + w->n, text, n + 1);
	w->n += n;
}

static void put_encoded(struct writer *w, const char *text)
{
	struct bytes raw = text_of(text);
	char encoded[3 * TEXT_MAX + 1];

	if (raw.n > TEXT_MAX) {
		w->full = true;
		return;
	}
	encoded[percent_encode(raw, encoded)] = '\0';
	put(w, encoded);
}

static void put_number(struct writer *w, const char *name, uint64_t v)
{
	char digits[21];
	size_t at = sizeof(digits) - 1;

	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + (char)(v % 10));
		v /= 10;
	} while (v > 0);
	put(w, name);
	put(w, digits + at);
}

static void put_base32(struct writer *w, const char *name, struct bytes b)
{
	char text[TEXT_BASE32_SIZE(SECRET_MAX)];

	text_base32_encode(text, sizeof(text), b);
	put(w, name);
	put(w, text);
	sodium_memzero(text, sizeof(text));
}

static void put_hex(struct writer *w, const char *name, struct bytes b)
{
	char text[TEXT_HEX_SIZE(SECRET_MAX)];

	text_hex_encode(text, sizeof(text), b);
	put(w, name);
	put(w, text);
	sodium_memzero(text, sizeof(text));
}

/*
 * "ISSUER:ACCOUNT". An account with a colon and no issuer gets a colon in
 * front, or readers would take its first part for the issuer.
 */
static void put_label(struct writer *w, const struct entry *entry)
{
	const char *issuer = entry_get(entry, ENTRY_ISSUER);
	const char *account = entry_get(entry, ENTRY_ACCOUNT);

	put_encoded(w, issuer);
	if (*issuer || strchr(account, ':'))
		put(w, ":");
	put_encoded(w, account);
}

static void put_motp(struct writer *w, const struct entry *entry)
{
	put(w, "motp://");
	put_label(w, entry);
	put_hex(w,
		"?secret=", (struct bytes){ entry->secret, entry->secret_n });
}

static const char *const types[] = {
	[FOB__OTP_TYPE__TOTP] = "totp",	   [FOB__OTP_TYPE__HOTP] = "hotp",
	[FOB__OTP_TYPE__STEAM] = "steam",  [FOB__OTP_TYPE__MOTP] = "motp",
	[FOB__OTP_TYPE__YANDEX] = "yaotp",
};

static void put_otpauth(struct writer *w, const struct entry *entry)
{
	const char *issuer = entry_get(entry, ENTRY_ISSUER);
	const char *pin = entry_get(entry, ENTRY_PIN);

	put(w, "otpauth://");
	REQUIRE(entry->type > 0 && entry->type < ARRAY_SIZE(types));
	put(w, types[entry->type]);
	put(w, "/");
	put_label(w, entry);
	put_base32(w, "?secret=",
		   (struct bytes){ entry->secret, entry->secret_n });
	if (*issuer) {
		put(w, "&issuer=");
		put_encoded(w, issuer);
	}
	if (entry->type == FOB__OTP_TYPE__YANDEX && *pin)
		put_base32(w, "&pin=", text_of(pin));
}

static void put_numbers(struct writer *w, const struct entry *entry)
{
	static const char *const names[] = {
		[FOB__ALGORITHM__SHA1] = "SHA1",
		[FOB__ALGORITHM__SHA256] = "SHA256",
		[FOB__ALGORITHM__SHA512] = "SHA512",
	};

	REQUIRE(entry->algorithm < ARRAY_SIZE(names));
	put(w, "&algorithm=");
	put(w, names[entry->algorithm]);
	put_number(w, "&digits=", entry->digits);
	if (entry->type == FOB__OTP_TYPE__HOTP)
		put_number(w, "&counter=", entry->counter);
	else
		put_number(w, "&period=", entry->period);
}

int uri_write(const struct entry *entry, char *out, size_t size, size_t *ret_n)
{
	struct writer w = { .p = out, .size = size };

	if (entry->type == FOB__OTP_TYPE__MOTP) {
		put_motp(&w, entry);
	} else {
		put_otpauth(&w, entry);
		put_numbers(&w, entry);
	}
	if (w.full) {
		sodium_memzero(out, size);
		return URI_ERR_ROOM;
	}
	*ret_n = w.n;
	return 0;
}
