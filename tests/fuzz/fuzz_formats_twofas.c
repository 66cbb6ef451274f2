/*
 * Backups of 2FAS of any bytes.
 *
 * Covers: crypt, buffer
 */
#include "tests/fuzz/formats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_format("2fas", (struct bytes){ data, size }, "p");
}
