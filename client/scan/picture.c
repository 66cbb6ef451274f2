#include "client/scan/picture.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "client/scan/from_jpeg.h"
#include "client/scan/from_png.h"

static size_t size(const struct picture *picture)
{
	return (size_t)picture->width * picture->height;
}

void picture_free(struct picture *picture)
{
	if (picture->grey)
		sodium_memzero(picture->grey, size(picture));
	free(picture->grey);
	*picture = (struct picture){ 0 };
}

int picture_init(struct picture *picture, uint32_t width, uint32_t height)
{
	picture->grey = calloc((size_t)width * height, 1);
	if (!picture->grey)
		return -ENOMEM;
	picture->width = width;
	picture->height = height;
	return 0;
}

int picture_read(struct bytes file, uint8_t background, struct picture *ret)
{
	struct picture picture = { 0 };
	int r = PICTURE_ERR_FORMAT;

	if (from_png_detect(file))
		r = from_png(file, background, &picture);
	else if (from_jpeg_detect(file))
		r = from_jpeg(file, &picture);
	if (r == 0)
		*ret = picture;
	else
		picture_free(&picture);
	return r;
}

void picture_invert(struct picture *picture)
{
	size_t i, n = size(picture);

	for (i = 0; i < n; i++)
		picture->grey[i] = (uint8_t)~picture->grey[i];
}

void picture_halve(struct picture *picture)
{
	uint32_t width = picture->width, x, y;
	uint8_t *to = picture->grey;

	REQUIRE(width >= 2 && picture->height >= 2);
	for (y = 0; y + 1 < picture->height; y += 2) {
		const uint8_t *upper = picture->grey + (size_t)y * width;
		const uint8_t *lower = upper + width;

		/* It writes behind where it reads, or on the same pixel. */
		for (x = 0; x + 1 < width; x += 2)
			*to++ = (uint8_t)((upper[x] + upper[x + 1] + lower[x] +
					   lower[x + 1] + 2) /
					  4);
	}
	picture->width /= 2;
	picture->height /= 2;
}

int picture_magnify(const struct picture *picture, uint32_t times,
		    struct picture *ret)
{
	uint32_t width = picture->width * times, x, y;

	if (picture_init(ret, width, picture->height * times) < 0)
		return -ENOMEM;
	for (y = 0; y < ret->height; y++) {
		uint8_t *to = ret->grey + (size_t)y * width;
		const uint8_t *from =
			picture->grey + (size_t)(y / times) * picture->width;

		for (x = 0; x < width; x++)
			to[x] = from[x / times];
	}
	return 0;
}
