/*
 * Archives of zip: directories, members, and the two encryptions, with the
 * password of the seeds.
 *
 * Covers: archive, members
 */
#include "tests/fuzz/formats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_format("zip", (struct bytes){ data, size }, "secret");
}
