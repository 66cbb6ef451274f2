/*
 * Ente's export of any bytes, up to the point where a password is needed.
 *
 * Covers: buffer
 */
#include "tests/fuzz/formats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_format("ente", (struct bytes){ data, size }, NULL);
}
