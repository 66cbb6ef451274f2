/*
 * Proton's export of any bytes, up to where a password is needed.
 *
 * Covers: filler
 */
#include "tests/fuzz/formats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_format("proton", (struct bytes){ data, size }, NULL);
}
