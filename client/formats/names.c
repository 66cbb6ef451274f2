#include "client/formats/names.h"

#include <string.h>

#include "client/formats/lines.h"
#include "proto/item.pb-c.h"
#include "proto/text.h"

struct name {
	const char *name;
	uint32_t value;
};

static const struct name types[] = {
	{ "totp", FOB__OTP_TYPE__TOTP },     { "hotp", FOB__OTP_TYPE__HOTP },
	{ "steam", FOB__OTP_TYPE__STEAM },   { "motp", FOB__OTP_TYPE__MOTP },
	{ "yandex", FOB__OTP_TYPE__YANDEX }, { "yaotp", FOB__OTP_TYPE__YANDEX },
};

static const struct name algorithms[] = {
	{ "sha1", FOB__ALGORITHM__SHA1 },
	{ "sha-1", FOB__ALGORITHM__SHA1 },
	{ "sha256", FOB__ALGORITHM__SHA256 },
	{ "sha-256", FOB__ALGORITHM__SHA256 },
	{ "sha512", FOB__ALGORITHM__SHA512 },
	{ "sha-512", FOB__ALGORITHM__SHA512 },
};

static uint32_t find(const struct name *names, size_t n, struct bytes name)
{
	for (size_t i = 0; i < n; i++)
		if (text_same(name, text_of(names[i].name)))
			return names[i].value;
	return 0;
}

uint32_t names_type(struct bytes name)
{
	return find(types, ARRAY_SIZE(types), name);
}

uint32_t names_algorithm(struct bytes name)
{
	static const char *const prefixes[] = { "algorithm.", "hmac-", "hmac" };

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		if (!lines_begins(name, prefixes[i]))
			continue;
		name.p += strlen(prefixes[i]);
		name.n -= strlen(prefixes[i]);
	}
	return find(algorithms, ARRAY_SIZE(algorithms), name);
}
