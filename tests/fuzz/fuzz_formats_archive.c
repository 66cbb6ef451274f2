/*
 * Archives of zip: directories, members, and the two encryptions, with the
 * password of the seeds.
 *
 * Covers: archive, members
 */
#include "tests/fuzz/formats.h"

const char *__lsan_default_suppressions(void);

/*
 * libzip 1.7 does not free all layers of a member whose opening fails half
 * way. Its process ends with the file, and so do they.
 */
const char *__lsan_default_suppressions(void)
{
	return "leak:libzip.so\n";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_format("zip", (struct bytes){ data, size }, "secret");
}
