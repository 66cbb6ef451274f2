/* What the writers of export.h share: names, tags, ids and URIs of entries. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "client/formats/export.h"
#include "client/formats/uri.h"
#include "proto/item.pb-c.h"
#include "proto/text.h"

#define TAG_PREFIX "tag/"

const char *export_type(const struct entry *entry)
{
	static const char *const names[] = {
		[FOB__OTP_TYPE__TOTP] = "totp",
		[FOB__OTP_TYPE__HOTP] = "hotp",
		[FOB__OTP_TYPE__STEAM] = "steam",
		[FOB__OTP_TYPE__MOTP] = "motp",
		[FOB__OTP_TYPE__YANDEX] = "yandex",
	};

	REQUIRE(entry->type > 0 && entry->type < ARRAY_SIZE(names));
	return names[entry->type];
}

const char *export_algorithm(const struct entry *entry)
{
	static const char *const names[] = {
		[FOB__ALGORITHM__SHA1] = "SHA1",
		[FOB__ALGORITHM__SHA256] = "SHA256",
		[FOB__ALGORITHM__SHA512] = "SHA512",
		[FOB__ALGORITHM__MD5] = "MD5",
	};

	REQUIRE(entry->algorithm > 0 && entry->algorithm < ARRAY_SIZE(names));
	return names[entry->algorithm];
}

const char *export_tag(const struct entry *entry, size_t i)
{
	return i < entry->n_tags ? entry->tags[i] + strlen(TAG_PREFIX) : "";
}

size_t export_tag_index(const char *const *tags, size_t n, const char *tag)
{
	size_t i = 0;

	while (i < n && strcmp(tags[i], tag) != 0)
		i++;
	return i;
}

const char **export_tags(const struct export *export, size_t *ret_n)
{
	const struct import *import = &export->import;
	const char **tags;
	size_t most = 1, n = 0;

	for (size_t i = 0; i < import->n; i++)
		most += import->entries[i].n_tags;
	tags = calloc(most, sizeof(*tags));
	if (!tags)
		return NULL;
	for (size_t i = 0; i < import->n; i++)
		for (size_t k = 0; k < import->entries[i].n_tags; k++) {
			const char *tag = export_tag(&import->entries[i], k);

			if (export_tag_index(tags, n, tag) == n)
				tags[n++] = tag;
		}
	*ret_n = n;
	return tags;
}

void export_uuid(struct document *document, const char *what, size_t i)
{
	uint8_t hash[crypto_generichash_BYTES];
	crypto_generichash_state state;
	uint64_t number = i;

	crypto_generichash_init(&state, NULL, 0, sizeof(hash));
	crypto_generichash_update(&state, (const uint8_t *)what, strlen(what));
	crypto_generichash_update(&state, (const uint8_t *)&number,
				  sizeof(number));
	crypto_generichash_final(&state, hash, sizeof(hash));
	document_uuid(document, hash);
}

static void put_steam_scheme(struct document *document,
			     const struct entry *entry)
{
	document_put(document, "steam://");
	document_base32(document,
			(struct bytes){ entry->secret, entry->secret_n });
}

void export_uri(struct document *document, const struct entry *entry,
		enum export_steam how)
{
	struct entry alias = *entry; /* owns nothing */
	bool steam = entry->type == FOB__OTP_TYPE__STEAM;
	char uri[URI_MAX];
	size_t n = 0;

	if (steam && how == EXPORT_STEAM_SCHEME) {
		put_steam_scheme(document, entry);
		return;
	}
	if (steam && how == EXPORT_STEAM_ENCODER)
		alias.type = FOB__OTP_TYPE__TOTP;
	if (uri_write(&alias, uri, sizeof(uri), &n) != 0)
		REQUIRE(false); /* URI_MAX is enough for any entry */
	document_add(document, (struct bytes){ (const uint8_t *)uri, n });
	if (steam && how == EXPORT_STEAM_ENCODER)
		document_put(document, "&encoder=steam");
	sodium_memzero(uri, sizeof(uri));
	sodium_memzero(&alias, sizeof(alias));
}
