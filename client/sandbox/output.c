#include "client/sandbox/output.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

#include "proto/frame.h"
#include "proto/limits.h"

#define ERROR_SIZE 256

static int write_all(const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(STDOUT_FILENO, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

int output_item(const Fob__ImportItem *item)
{
	uint8_t buffer[FRAME_HEADER + FRAME_MAX];
	size_t n = fob__import_item__get_packed_size(item);
	int r;

	REQUIRE(n > 0 && n <= FRAME_MAX);
	frame_header(buffer, n);
	fob__import_item__pack(item, buffer + FRAME_HEADER);
	r = write_all(buffer, FRAME_HEADER + n);
	sodium_memzero(buffer, FRAME_HEADER + n);
	return r;
}

int output_error(const char *text)
{
	char copy[ERROR_SIZE];
	Fob__ImportItem item;

	fob__import_item__init(&item);
	snprintf(copy, sizeof(copy), "%s", text);
	item.error = copy;
	return output_item(&item);
}
