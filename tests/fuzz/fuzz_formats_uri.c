/*
 * Lists of URIs of any bytes: whatever is taken passes the check, and its
 * own URI, read again, makes the same URI.
 *
 * Covers: list, params, percent, lines, label, display, entry, import,
 * formats, message, uri_write
 */
#include <stdlib.h>
#include <string.h>

#include "client/formats/formats.h"
#include "client/formats/list.h"
#include "client/formats/message.h"
#include "client/formats/uri.h"
#include "proto/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct entry *entry)
{
	AUTO_ENTRY struct entry again;
	struct uri_warnings warnings;
	struct fault fault;
	char first[URI_MAX], second[URI_MAX];
	size_t n;

	entry_init(&again);
	REQUIRE(entry_check(entry, &fault) == 0);
	REQUIRE(uri_write(entry, first, sizeof(first), &n) == 0);
	REQUIRE(text_line((struct bytes){ (uint8_t *)first, n }));
	REQUIRE(uri_parse(text_of(first), &again, &warnings, &fault) == 0);
	REQUIRE(uri_write(&again, second, sizeof(second), &n) == 0);
	REQUIRE(strcmp(first, second) == 0);
}

/* What goes to the daemon can be read there. */
static void send(const struct entry *entry)
{
	AUTO_FREE uint8_t *packed = NULL;
	struct message message;
	Fob__NewEntry *back;
	size_t n;

	message_fill(&message, entry);
	n = fob__new_entry__get_packed_size(&message.entry);
	REQUIRE(n <= FRAME_MAX);
	packed = malloc(n + 1);
	REQUIRE(packed);
	fob__new_entry__pack(&message.entry, packed);
	back = fob__new_entry__unpack(NULL, n, packed);
	REQUIRE(back && back->otp->secret.len == entry->secret_n);
	fob__new_entry__free_unpacked(back, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_IMPORT struct import import;
	struct bytes file = { data, size };
	int r;

	import_init(&import);
	formats_detect(file);
	r = list_read(file, &import);
	REQUIRE(r == 0 || r == IMPORT_ERR_FILE);
	REQUIRE(r == 0 || import.error);
	for (size_t i = 0; i < import.n; i++) {
		check(&import.entries[i]);
		send(&import.entries[i]);
	}
	return 0;
}
