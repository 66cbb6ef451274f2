/*
 * A picture as a grid of grey values, read from the bytes of a PNG or JPEG
 * file. Hostile: what the file says of its size is bounded before memory is
 * taken, and one that is larger than what is kept is shrunk row by row while
 * it is read. It owns its grid and wipes it.
 */
#ifndef FOB_SCAN_PICTURE_H
#define FOB_SCAN_PICTURE_H

#include "proto/base.h"

enum picture_error {
	PICTURE_ERR_FORMAT = 1, /* neither PNG nor JPEG */
	PICTURE_ERR_DAMAGED,	/* or cut off */
	PICTURE_ERR_LARGE,	/* more than SCAN_PIXELS_MAX, or to be kept */
	PICTURE_ERR_KIND,	/* of PNG or JPEG, one that is not read */
};

/* Zeroed is empty. */
struct picture {
	uint8_t *grey; /* owned; row after row, 0 is black */
	uint32_t width, height;
	bool clear; /* the background shows through somewhere */
};

void picture_free(struct picture *picture);
#define AUTO_PICTURE CLEANUP(picture_free)

/*
 * background: the grey that is behind what is transparent. ret is zeroed.
 * 0, -ENOMEM, or a PICTURE_ERR_*.
 */
int picture_read(struct bytes file, uint8_t background, struct picture *ret);

/* A grid of this size, all black. 0 or -ENOMEM. */
int picture_init(struct picture *picture, uint32_t width, uint32_t height);

/* Black becomes white. */
void picture_invert(struct picture *picture);

/* Half as wide and high, in place; both have to be 2 at least. */
void picture_halve(struct picture *picture);

/* Every pixel becomes times * times of them. ret is zeroed. 0 or -ENOMEM. */
int picture_magnify(const struct picture *picture, uint32_t times,
		    struct picture *ret);

#endif
