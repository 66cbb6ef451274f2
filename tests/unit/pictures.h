/*
 * Grids of grey values as files of PNG and JPEG, in every kind that their
 * libraries can write; and QR codes drawn into a grid.
 */
#ifndef FOB_UNIT_PICTURES_H
#define FOB_UNIT_PICTURES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <png.h>
#include <qrencode.h>

#include "client/scan/picture.h"

struct drawn {
	uint8_t *p; /* malloc */
	size_t n;
};

static inline struct bytes drawn_bytes(const struct drawn *drawn)
{
	return (struct bytes){ drawn->p, drawn->n };
}

/* A light grid. */
static inline void paper(struct picture *picture, uint32_t width,
			 uint32_t height)
{
	REQUIRE(picture_init(picture, width, height) == 0);
	memset(picture->grey, 255, (size_t)width * height);
}

struct spot {
	uint32_t x, y, module; /* pixels */
};

static inline void draw_code(struct picture *picture, const QRcode *code,
			     struct spot spot)
{
	uint32_t side = (uint32_t)code->width * spot.module, x, y;

	REQUIRE(spot.x + side <= picture->width &&
		spot.y + side <= picture->height);
	for (y = 0; y < side; y++)
		for (x = 0; x < side; x++)
			if (code->data[y / spot.module * (uint32_t)code->width +
				       x / spot.module] &
			    1)
				picture->grey[(size_t)(spot.y + y) *
						      picture->width +
					      spot.x + x] = 0;
}

static inline void draw_text(struct picture *picture, struct bytes text,
			     struct spot spot)
{
	QRcode *code = QRcode_encodeData((int)text.n, text.p, 0, QR_ECLEVEL_L);

	REQUIRE(code);
	draw_code(picture, code, spot);
	QRcode_free(code);
}

static inline void grow_drawn(png_structp png, png_bytep bytes, size_t n)
{
	struct drawn *drawn = png_get_io_ptr(png);

	drawn->p = realloc(drawn->p, drawn->n + n);
	REQUIRE(drawn->p);
	memcpy(drawn->p + drawn->n, bytes, n);
	drawn->n += n;
}

struct png_kind {
	int colour, depth, interlace;
};

/* A value of each channel; of opacity too, where there is such a channel. */
static inline void put_pixel(uint8_t *row, uint32_t x, uint8_t grey,
			     struct png_kind kind)
{
	uint32_t colours = kind.colour & PNG_COLOR_MASK_COLOR ? 3 : 1;
	uint32_t all = colours + (kind.colour & PNG_COLOR_MASK_ALPHA ? 1 : 0);
	uint32_t bytes = kind.depth == 16 ? 2 : 1, i;

	if (kind.colour == PNG_COLOR_TYPE_PALETTE)
		all = colours = 1;
	if (kind.depth < 8) {
		uint32_t per = 8 / (uint32_t)kind.depth;
		uint32_t value = grey >> (8 - kind.depth);

		row[x / per] |=
			(uint8_t)(value << (8 - (x % per + 1) *
							(uint32_t)kind.depth));
		return;
	}
	for (i = 0; i < all; i++)
		memset(row + (x * all + i) * bytes, i < colours ? grey : 255,
		       bytes);
}

static inline void write_pixels(png_structp png, const struct picture *picture,
				struct png_kind kind, size_t row_size)
{
	uint8_t *row = malloc(row_size);
	int pass, passes = png_set_interlace_handling(png);
	uint32_t x, y;

	REQUIRE(row);
	for (pass = 0; pass < passes; pass++)
		for (y = 0; y < picture->height; y++) {
			memset(row, 0, row_size);
			for (x = 0; x < picture->width; x++)
				put_pixel(row, x,
					  picture->grey[(size_t)y *
								picture->width +
							x],
					  kind);
			png_write_row(png, row);
		}
	free(row);
}

static inline void write_png(const struct picture *picture,
			     struct png_kind kind, struct drawn *ret)
{
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL,
						  NULL, NULL);
	png_infop info = png_create_info_struct(png);
	png_color colours[256];
	int i, n = kind.depth < 8 ? 1 << kind.depth : 256;

	*ret = (struct drawn){ 0 };
	png_set_write_fn(png, ret, grow_drawn, NULL);
	png_set_IHDR(png, info, picture->width, picture->height, kind.depth,
		     kind.colour, kind.interlace, 0, 0);
	for (i = 0; i < n; i++) {
		uint8_t value = (uint8_t)(i * 255 / (n - 1));

		colours[i] = (png_color){ value, value, value };
	}
	if (kind.colour == PNG_COLOR_TYPE_PALETTE)
		png_set_PLTE(png, info, colours, n);
	png_write_info(png, info);
	write_pixels(png, picture, kind, png_get_rowbytes(png, info));
	png_write_end(png, info);
	png_destroy_write_struct(&png, &info);
}

struct jpeg_kind {
	J_COLOR_SPACE from, to;
	int channels;
	bool progressive;
};

static inline void write_jpeg(const struct picture *picture,
			      struct jpeg_kind kind, struct drawn *ret)
{
	struct jpeg_compress_struct jpeg;
	struct jpeg_error_mgr errors;
	uint8_t *row = malloc((size_t)picture->width * 4);
	unsigned long n = 0;
	uint32_t x, y;

	REQUIRE(row);
	*ret = (struct drawn){ 0 };
	jpeg.err = jpeg_std_error(&errors);
	jpeg_create_compress(&jpeg);
	jpeg_mem_dest(&jpeg, &ret->p, &n);
	jpeg.image_width = picture->width;
	jpeg.image_height = picture->height;
	jpeg.input_components = kind.channels;
	jpeg.in_color_space = kind.from;
	jpeg_set_defaults(&jpeg);
	jpeg_set_colorspace(&jpeg, kind.to);
	jpeg_set_quality(&jpeg, 95, TRUE);
	if (kind.progressive)
		jpeg_simple_progression(&jpeg);
	jpeg_start_compress(&jpeg, TRUE);
	for (y = 0; y < picture->height; y++) {
		const uint8_t *from =
			picture->grey + (size_t)y * picture->width;
		JSAMPROW rows = row;

		/* The fourth is black ink, inverted as the others: none. */
		for (x = 0; x < picture->width * (uint32_t)kind.channels; x++)
			row[x] = x % (uint32_t)kind.channels == 3 ?
					 255 :
					 from[x / (uint32_t)kind.channels];
		jpeg_write_scanlines(&jpeg, &rows, 1);
	}
	jpeg_finish_compress(&jpeg);
	jpeg_destroy_compress(&jpeg);
	free(row);
	ret->n = n;
}

#endif
