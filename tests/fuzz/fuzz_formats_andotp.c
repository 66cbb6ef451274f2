/*
 * Backups of andOTP of any bytes; sealed ones are opened when the number of
 * iterations in front is one that a fuzzer has the time for.
 *
 * Covers: encoded, names
 */
#include "tests/fuzz/formats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool cheap = size > 1 && data[0] == 0 && data[1] == 0;

	return fuzz_format("andotp", (struct bytes){ data, size },
			   cheap ? "p" : NULL);
}
