#include "client/scan/shrink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/limits.h"

void shrink_free(struct shrink *shrink)
{
	free(shrink->sums);
	*shrink = (struct shrink){ 0 };
}

/* Never more than a side has: then it would have no pixel left. */
static uint32_t factor_for(uint32_t width, uint32_t height)
{
	uint32_t factor = 1;

	while ((uint64_t)(width / factor) * (height / factor) > SCAN_KEPT_MAX)
		factor++;
	return factor;
}

int shrink_begin(struct shrink *shrink, struct picture *picture, uint32_t width,
		 uint32_t height)
{
	uint32_t factor;

	REQUIRE(width > 0 && height > 0);
	if (width > SCAN_SIDE_MAX || height > SCAN_SIDE_MAX ||
	    (uint64_t)width * height > SCAN_PIXELS_MAX)
		return PICTURE_ERR_LARGE;
	factor = factor_for(width, height);
	*shrink = (struct shrink){ .picture = picture, .factor = factor };
	if (factor > 1) {
		shrink->sums = calloc(width / factor, sizeof(*shrink->sums));
		if (!shrink->sums)
			return -ENOMEM;
	}
	return picture_init(picture, width / factor, height / factor);
}

static void add_row(struct shrink *shrink, const uint8_t *grey)
{
	uint32_t x, i;

	for (x = 0; x < shrink->picture->width; x++)
		for (i = 0; i < shrink->factor; i++)
			shrink->sums[x] += *grey++;
}

static void put_means(struct shrink *shrink, uint8_t *to)
{
	uint32_t area = shrink->factor * shrink->factor, x;

	for (x = 0; x < shrink->picture->width; x++)
		to[x] = (uint8_t)(shrink->sums[x] / area);
	memset(shrink->sums, 0, shrink->picture->width * sizeof(*shrink->sums));
}

void shrink_row(struct shrink *shrink, const uint8_t *grey)
{
	struct picture *picture = shrink->picture;
	uint32_t y = shrink->row++ / shrink->factor;
	uint8_t *to = picture->grey + (size_t)y * picture->width;

	/* The rows that are left over below. */
	if (y >= picture->height)
		return;
	if (shrink->factor == 1) {
		memcpy(to, grey, picture->width);
		return;
	}
	add_row(shrink, grey);
	if (shrink->row % shrink->factor == 0)
		put_means(shrink, to);
}
