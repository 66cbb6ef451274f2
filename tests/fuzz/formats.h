/*
 * What the fuzz targets of formats share: the file is read through the table,
 * and whatever comes out must pass the check and pack into a frame.
 */
#ifndef FOB_FUZZ_FORMATS_H
#define FOB_FUZZ_FORMATS_H

#include <stdlib.h>
#include <string.h>

#include "client/formats/formats.h"
#include "client/formats/message.h"
#include "proto/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* password: NULL for none, where deriving the key takes too long. */
static inline int fuzz_format(const char *name, struct bytes file,
			      const char *password)
{
	AUTO_IMPORT struct import import;
	const struct format *format = formats_find(name);
	struct fault fault;
	int r;

	REQUIRE(format);
	import_init(&import);
	if (password)
		import.password = text_of(password);
	formats_detect(file);
	r = format->read(file, &import);
	REQUIRE(r >= 0 && r <= IMPORT_ERR_WRONG);
	REQUIRE(r == 0 || r == IMPORT_ERR_PASSWORD || import.error);
	for (size_t i = 0; i < import.n; i++) {
		struct message message;

		REQUIRE(entry_check(&import.entries[i], &fault) == 0);
		message_fill(&message, &import.entries[i]);
		REQUIRE(fob__new_entry__get_packed_size(&message.entry) > 0);
	}
	return 0;
}

#endif
