#include "client/scan/from_png.h"

#include <errno.h>
#include <png.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "client/scan/shrink.h"
#include "proto/limits.h"

#define SIGNATURE 8	/* bytes; section 5.2 */
#define HEADER 24	/* and an IHDR chunk up to its sizes */
#define CHUNK_MAX 65536 /* bytes, unpacked, of a chunk that we do not need */

/* libpng jumps out of its calls: all that has to be freed is in here. */
struct reader {
	png_structp png;
	png_infop info;
	struct bytes rest;
	struct shrink shrink;
	struct picture *picture;
	uint8_t *rows; /* one, or all of them when they are interlaced */
	uint8_t *grey; /* a row */
	uint32_t width, height;
	size_t row_size, n_rows;
	uint8_t background;
	int error; /* that a jump means */
};

bool from_png_detect(struct bytes file)
{
	static const uint8_t signature[SIGNATURE] = { 0x89, 'P',  'N',	'G',
						      '\r', '\n', 0x1a, '\n' };

	return file.n >= SIGNATURE && memcmp(file.p, signature, SIGNATURE) == 0;
}

static uint32_t big_endian(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static void feed(png_structp png, png_bytep to, size_t n)
{
	struct reader *reader = png_get_io_ptr(png);

	if (n > reader->rest.n)
		png_error(png, "cut off");
	memcpy(to, reader->rest.p, n);
	reader->rest.p += n;
	reader->rest.n -= n;
}

static void jump(png_structp png, png_const_charp text UNUSED)
{
	png_longjmp(png, 1);
}

static void ignore(png_structp png UNUSED, png_const_charp text UNUSED)
{
}

static png_voidp take_memory(png_structp png, png_alloc_size_t n)
{
	struct reader *reader = png_get_mem_ptr(png);
	void *p = malloc(n);

	if (!p)
		reader->error = -ENOMEM;
	return p;
}

static void give_memory(png_structp png UNUSED, png_voidp p)
{
	free(p);
}

static void free_reader(struct reader *reader)
{
	png_destroy_read_struct(&reader->png, &reader->info, NULL);
	shrink_free(&reader->shrink);
	if (reader->rows)
		sodium_memzero(reader->rows, reader->row_size * reader->n_rows);
	free(reader->rows);
	free(reader->grey);
}

/* Every colour type becomes 8 bits of grey, with 8 of opacity or without. */
static void want_grey(struct reader *reader)
{
	png_structp png = reader->png;

	png_set_expand(png);
	png_set_scale_16(png);
	if (png_get_color_type(png, reader->info) & PNG_COLOR_MASK_COLOR)
		png_set_rgb_to_gray(png, PNG_ERROR_ACTION_NONE,
				    PNG_RGB_TO_GRAY_DEFAULT,
				    PNG_RGB_TO_GRAY_DEFAULT);
}

static int make_room(struct reader *reader, bool interlaced)
{
	int r = shrink_begin(&reader->shrink, reader->picture, reader->width,
			     reader->height);

	if (r != 0)
		return r;
	reader->row_size = png_get_rowbytes(reader->png, reader->info);
	reader->n_rows = interlaced ? reader->height : 1;
	reader->rows = calloc(reader->n_rows, reader->row_size);
	reader->grey = malloc(reader->width);
	return reader->rows && reader->grey ? 0 : -ENOMEM;
}

/* In front of the background, what is transparent shows it. */
static const uint8_t *flatten(struct reader *reader, const uint8_t *row)
{
	uint32_t x;

	if (png_get_channels(reader->png, reader->info) == 1)
		return row;
	for (x = 0; x < reader->width; x++, row += 2) {
		uint32_t opaque = row[1];

		if (opaque < 255)
			reader->picture->clear = true;
		reader->grey[x] =
			(uint8_t)((row[0] * opaque +
				   reader->background * (255 - opaque)) /
				  255);
	}
	return reader->grey;
}

static void read_plain(struct reader *reader)
{
	uint32_t y;

	for (y = 0; y < reader->height; y++) {
		png_read_row(reader->png, reader->rows, NULL);
		shrink_row(&reader->shrink, flatten(reader, reader->rows));
	}
}

static void read_interlaced(struct reader *reader, int passes)
{
	uint8_t *row;
	uint32_t y;

	for (; passes > 0; passes--)
		for (y = 0, row = reader->rows; y < reader->height;
		     y++, row += reader->row_size)
			png_read_row(reader->png, row, NULL);
	for (y = 0, row = reader->rows; y < reader->height;
	     y++, row += reader->row_size)
		shrink_row(&reader->shrink, flatten(reader, row));
}

static int read_all(struct reader *reader)
{
	bool interlaced;
	int passes, r;

	if (setjmp(png_jmpbuf(reader->png)) != 0)
		return reader->error;
	png_read_info(reader->png, reader->info);
	reader->width = png_get_image_width(reader->png, reader->info);
	reader->height = png_get_image_height(reader->png, reader->info);
	interlaced = png_get_interlace_type(reader->png, reader->info) !=
		     PNG_INTERLACE_NONE;
	/* All its rows come seven times, so all have to be kept. */
	if (interlaced &&
	    (uint64_t)reader->width * reader->height > SCAN_KEPT_MAX)
		return PICTURE_ERR_LARGE;
	want_grey(reader);
	passes = png_set_interlace_handling(reader->png);
	png_read_update_info(reader->png, reader->info);
	r = make_room(reader, interlaced);
	if (r != 0)
		return r;
	if (interlaced)
		read_interlaced(reader, passes);
	else
		read_plain(reader);
	return 0;
}

static int start(struct reader *reader)
{
	reader->png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, NULL,
					       jump, ignore, reader,
					       take_memory, give_memory);
	if (!reader->png)
		return -ENOMEM;
	reader->info = png_create_info_struct(reader->png);
	if (!reader->info)
		return -ENOMEM;
	png_set_read_fn(reader->png, reader, feed);
	png_set_user_limits(reader->png, SCAN_SIDE_MAX, SCAN_SIDE_MAX);
	png_set_chunk_malloc_max(reader->png, CHUNK_MAX);
	png_set_chunk_cache_max(reader->png, 1);
	return 0;
}

int from_png(struct bytes file, uint8_t background, struct picture *ret)
{
	CLEANUP(free_reader)
	struct reader reader = { .rest = file,
				 .picture = ret,
				 .background = background,
				 .error = PICTURE_ERR_DAMAGED };
	uint64_t width, height;
	int r;

	if (file.n < HEADER)
		return PICTURE_ERR_DAMAGED;
	width = big_endian(file.p + HEADER - 8);
	height = big_endian(file.p + HEADER - 4);
	/* libpng would call it damaged. */
	if (width > SCAN_SIDE_MAX || height > SCAN_SIDE_MAX ||
	    width * height > SCAN_PIXELS_MAX)
		return PICTURE_ERR_LARGE;
	r = start(&reader);
	return r == 0 ? read_all(&reader) : r;
}
