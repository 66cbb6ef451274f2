#include "client/formats/encoded.h"

#include <sodium.h>
#include <string.h>

#include "proto/text.h"

static int refuse(struct fault *ret_fault, const char *why)
{
	*ret_fault = (struct fault){ "secret", why };
	return ENTRY_ERR_INVALID;
}

/*
 * Some characters are never in base32, but look like some that are. Only a
 * hint: which was meant, nobody here can know.
 */
static const char *base32_fault(uint8_t c)
{
	if (c == '0' || c == '1' || c == '8')
		return "is not base32: 0, 1 and 8 do not occur in it, "
		       "O, I, L or B may be meant";
	return "is not base32: only A-Z and 2-7 occur in it";
}

int encoded_base32(struct entry *entry, struct bytes text,
		   struct fault *ret_fault)
{
	uint8_t secret[SECRET_MAX];
	size_t n = 0;
	int r = text_base32_decode(secret, sizeof(secret), text, &n);

	if (r == TEXT_ERR_CHARACTER)
		return refuse(ret_fault, base32_fault(text.p[n]));
	if (r != 0)
		return refuse(ret_fault, "is too long");
	r = entry_set_secret(entry, (struct bytes){ secret, n }, ret_fault);
	sodium_memzero(secret, sizeof(secret));
	return r;
}

int encoded_hex(struct entry *entry, struct bytes text, struct fault *ret_fault)
{
	uint8_t secret[SECRET_MAX];
	size_t n = 0;
	int r = text_hex_decode(secret, sizeof(secret), text, &n);

	if (r == TEXT_ERR_CHARACTER)
		return refuse(ret_fault, "must be pairs of hex digits");
	if (r != 0)
		return refuse(ret_fault, "is too long");
	r = entry_set_secret(entry, (struct bytes){ secret, n }, ret_fault);
	sodium_memzero(secret, sizeof(secret));
	return r;
}

bool encoded_odd(struct bytes text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		if (!memchr("- \t\r\n=", text.p[i], 6))
			n++;
	return n % 8 == 1 || n % 8 == 3 || n % 8 == 6;
}
