/*
 * Pictures: whatever the bytes are, they are read or refused, in front of both
 * backgrounds, and a small one is searched for codes. The checksums of PNG
 * chunks are put right first, or no change would get behind them.
 *
 * Covers: picture, shrink, from_png, from_jpeg, codes
 */
#include <stdlib.h>
#include <string.h>

#include "client/scan/codes.h"
#include "client/scan/from_png.h"

#define CHUNK 12 /* bytes of one without data */
#define SMALL (128 * 128)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ISO/IEC 15948 annex D. */
static uint32_t checksum(const uint8_t *p, size_t n)
{
	uint32_t sum = UINT32_MAX;

	for (; n > 0; n--, p++) {
		sum ^= *p;
		for (int k = 0; k < 8; k++)
			sum = sum & 1 ? sum >> 1 ^ 0xedb88320 : sum >> 1;
	}
	return ~sum;
}

static void put_right(uint8_t *p, size_t n)
{
	while (n >= CHUNK) {
		size_t length = (size_t)p[0] << 24 | (size_t)p[1] << 16 |
				(size_t)p[2] << 8 | p[3];
		uint32_t sum;

		if (length > n - CHUNK)
			return;
		sum = checksum(p + 4, length + 4);
		for (int k = 0; k < 4; k++)
			p[length + 8 + (size_t)k] =
				(uint8_t)(sum >> (24 - 8 * k));
		p += CHUNK + length;
		n -= CHUNK + length;
	}
}

static void search(struct picture *picture)
{
	static struct codes codes;

	if ((size_t)picture->width * picture->height > SMALL)
		return;
	REQUIRE(codes_find(picture, &codes) == 0);
	REQUIRE(codes.n <= SCAN_CODES_MAX);
	for (size_t i = 0; i < codes.n; i++)
		REQUIRE(codes.list[i].n > 0 &&
			codes.list[i].n <= SCAN_TEXT_MAX);
	codes_free(&codes);
}

static void read_picture(struct bytes file, uint8_t background)
{
	AUTO_PICTURE struct picture picture = { 0 };
	int r = picture_read(file, background, &picture);

	REQUIRE(r >= 0 && r <= PICTURE_ERR_KIND);
	REQUIRE(r == 0 ? picture.width > 0 && picture.height > 0 :
			 !picture.grey);
	if (r == 0)
		search(&picture);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE uint8_t *copy = malloc(size + 1);
	struct bytes file = { copy, size };

	REQUIRE(copy);
	if (size > 0)
		memcpy(copy, data, size);
	if (from_png_detect(file))
		put_right(copy + 8, size - 8);
	read_picture(file, 255);
	if (from_png_detect(file))
		read_picture(file, 0);
	return 0;
}
