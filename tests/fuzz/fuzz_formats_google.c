/*
 * Migration payloads: the input is read twice, as the text of a file and as
 * the message inside a URI. What is taken and can be written comes back.
 *
 * Covers: wire, payload, google_write
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "client/formats/google.h"
#include "client/formats/percent.h"
#include "proto/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct entry *entry)
{
	struct google_batch batch = { entry, 1, -5, 0 };
	AUTO_IMPORT struct import import;
	AUTO_FREE char *uri = NULL;
	struct fault fault;

	REQUIRE(entry_check(entry, &fault) == 0);
	if (!google_carries(entry, &fault))
		return;
	import_init(&import);
	REQUIRE(google_write(&batch, 0, &uri) == 0);
	REQUIRE(google_read(text_of(uri), &import) == 0);
	/* Two names of full length can be too long for one that is split. */
	if (import.n == 0)
		return;
	REQUIRE(import.entries[0].type == entry->type);
	REQUIRE(import.entries[0].digits == entry->digits);
	REQUIRE(import.entries[0].counter == entry->counter);
	REQUIRE(import.entries[0].secret_n == entry->secret_n);
	REQUIRE(memcmp(import.entries[0].secret, entry->secret,
		       entry->secret_n) == 0);
}

static void read_text(struct bytes file)
{
	AUTO_IMPORT struct import import;
	int r;

	import_init(&import);
	google_detect(file);
	r = google_read(file, &import);
	REQUIRE(r == 0 || r == IMPORT_ERR_FILE);
	for (size_t i = 0; i < import.n; i++)
		check(&import.entries[i]);
}

static void read_message(struct bytes message)
{
	static const char start[] = "otpauth-migration://offline?data=";
	size_t room = sodium_base64_ENCODED_LEN(message.n,
						sodium_base64_VARIANT_ORIGINAL);
	AUTO_FREE char *base64 = malloc(room);
	AUTO_FREE char *uri = malloc(sizeof(start) + 3 * room);
	size_t n = strlen(start);

	REQUIRE(base64 && uri);
	sodium_bin2base64(base64, room, message.p, message.n,
			  sodium_base64_VARIANT_ORIGINAL);
	memcpy(uri, start, n);
	n += percent_encode(text_of(base64), uri + n);
	read_text((struct bytes){ (uint8_t *)uri, n });
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes input = { data, size };

	read_text(input);
	read_message(input);
	return 0;
}
