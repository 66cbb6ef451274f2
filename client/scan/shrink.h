/*
 * Rows of a large picture in, a picture that fits into memory out: squares of
 * factor times factor pixels become one, their mean. What is left over at the
 * right and the lower edge is dropped. It owns the sums of a row.
 */
#ifndef FOB_SCAN_SHRINK_H
#define FOB_SCAN_SHRINK_H

#include "client/scan/picture.h"

/* Zeroed is empty. */
struct shrink {
	struct picture *picture; /* that it fills */
	uint32_t *sums;		 /* owned; NULL when the factor is 1 */
	uint32_t factor, row;
};

void shrink_free(struct shrink *shrink);

/*
 * For rows of so many pixels, and so many rows; neither is 0. picture is
 * zeroed. 0, -ENOMEM, or PICTURE_ERR_LARGE when they are more than
 * SCAN_PIXELS_MAX.
 */
int shrink_begin(struct shrink *shrink, struct picture *picture, uint32_t width,
		 uint32_t height);

/* The next row; not more of them than were announced. */
void shrink_row(struct shrink *shrink, const uint8_t *grey);

#endif
