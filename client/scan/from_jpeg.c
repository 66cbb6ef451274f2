#include "client/scan/from_jpeg.h"

#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

#include "client/scan/shrink.h"
#include "proto/limits.h"

#define INKS 4 /* of CMYK */

/* libjpeg jumps out of its calls: all that has to be freed is in here. */
struct reader {
	struct jpeg_decompress_struct jpeg;
	struct jpeg_error_mgr errors;
	struct jpeg_progress_mgr progress;
	jmp_buf back;
	struct shrink shrink;
	struct picture *picture;
	uint8_t *row; /* as it comes out, and then as grey */
};

bool from_jpeg_detect(struct bytes file)
{
	return file.n >= 3 && memcmp(file.p, "\xff\xd8\xff", 3) == 0;
}

static struct reader *reader_of(j_common_ptr common)
{
	return common->client_data;
}

static void jump(j_common_ptr common)
{
	longjmp(reader_of(common)->back, 1);
}

static void ignore(j_common_ptr common UNUSED)
{
}

/*
 * Of what libjpeg warns about, cameras do much and no harm is in it; but it
 * would go on with grey where the file ends.
 */
static void judge(j_common_ptr common, int level)
{
	if (level < 0 && common->err->msg_code == JWRN_JPEG_EOF)
		jump(common);
}

/* Each pass over a progressive file costs time, and it costs few bytes. */
static void watch(j_common_ptr common)
{
	const struct reader *reader = reader_of(common);

	if (reader->jpeg.input_scan_number > SCAN_PASSES_MAX) {
		common->err->msg_code = JERR_BAD_PROGRESSION;
		jump(common);
	}
}

static void free_reader(struct reader *reader)
{
	jpeg_destroy_decompress(&reader->jpeg);
	shrink_free(&reader->shrink);
	free(reader->row);
}

static int fault(const struct reader *reader)
{
	switch (reader->errors.msg_code) {
	case JERR_OUT_OF_MEMORY:
		return -ENOMEM;
	case JERR_IMAGE_TOO_BIG:
		return PICTURE_ERR_LARGE;
	case JERR_BAD_PRECISION:
	case JERR_CONVERSION_NOTIMPL:
	case JERR_NOT_COMPILED:
	case JERR_SOF_UNSUPPORTED:
		return PICTURE_ERR_KIND;
	default:
		return PICTURE_ERR_DAMAGED;
	}
}

static bool inks(const struct reader *reader)
{
	return reader->jpeg.jpeg_color_space == JCS_CMYK ||
	       reader->jpeg.jpeg_color_space == JCS_YCCK;
}

/* libjpeg shrinks by 2, 4 or 8 in its stride, which is faster and better. */
static void choose_scale(struct reader *reader)
{
	uint64_t pixels =
		(uint64_t)reader->jpeg.image_width * reader->jpeg.image_height;
	unsigned int by = 1;

	while (by < 8 && pixels / by / by > SCAN_KEPT_MAX)
		by *= 2;
	reader->jpeg.scale_num = 1;
	reader->jpeg.scale_denom = by;
}

/*
 * Inks as Adobe's programs store them, inverted, so that 255 is no ink; in a
 * file where they are not, black and white change places, which does not
 * matter to whoever looks at both.
 */
static void mix_inks(uint8_t *row, uint32_t width)
{
	uint32_t x;

	for (x = 0; x < width; x++) {
		const uint8_t *ink = row + (size_t)x * INKS;
		uint32_t colours = (uint32_t)ink[0] + ink[1] + ink[2];

		row[x] = (uint8_t)(colours * ink[3] / (3 * 255));
	}
}

/* A file in passes is kept whole until the last one, all colours of it. */
static bool too_large(struct jpeg_decompress_struct *jpeg)
{
	uint64_t bytes = 0;
	int i;

	if ((uint64_t)jpeg->image_width * jpeg->image_height > SCAN_PIXELS_MAX)
		return true;
	for (i = 0; i < jpeg->num_components; i++)
		bytes += (uint64_t)jpeg->comp_info[i].width_in_blocks *
			 jpeg->comp_info[i].height_in_blocks * sizeof(JBLOCK);
	return jpeg_has_multiple_scans(jpeg) && bytes > SCAN_COEFFICIENTS_MAX;
}

static void read_rows(struct reader *reader)
{
	struct jpeg_decompress_struct *jpeg = &reader->jpeg;

	while (jpeg->output_scanline < jpeg->output_height) {
		JSAMPROW row = reader->row;

		if (jpeg_read_scanlines(jpeg, &row, 1) != 1)
			jump((j_common_ptr)jpeg);
		if (inks(reader))
			mix_inks(reader->row, jpeg->output_width);
		shrink_row(&reader->shrink, reader->row);
	}
}

static int begin(struct reader *reader)
{
	struct jpeg_decompress_struct *jpeg = &reader->jpeg;
	int r;

	jpeg_read_header(jpeg, TRUE);
	if (too_large(jpeg))
		return PICTURE_ERR_LARGE;
	jpeg->out_color_space = inks(reader) ? JCS_CMYK : JCS_GRAYSCALE;
	choose_scale(reader);
	jpeg_calc_output_dimensions(jpeg);
	r = shrink_begin(&reader->shrink, reader->picture, jpeg->output_width,
			 jpeg->output_height);
	if (r != 0)
		return r;
	reader->row = malloc((size_t)jpeg->output_width * INKS);
	return reader->row ? 0 : -ENOMEM;
}

static int read_all(struct reader *reader, struct bytes file)
{
	int r;

	if (setjmp(reader->back) != 0)
		return fault(reader);
	jpeg_create_decompress(&reader->jpeg);
	reader->jpeg.client_data = reader;
	reader->jpeg.progress = &reader->progress;
	jpeg_mem_src(&reader->jpeg, file.p, file.n);
	r = begin(reader);
	if (r != 0)
		return r;
	jpeg_start_decompress(&reader->jpeg);
	read_rows(reader);
	return 0;
}

int from_jpeg(struct bytes file, struct picture *ret)
{
	CLEANUP(free_reader) struct reader reader = { .picture = ret };

	reader.jpeg.err = jpeg_std_error(&reader.errors);
	reader.jpeg.client_data = &reader;
	reader.errors.error_exit = jump;
	reader.errors.emit_message = judge;
	reader.errors.output_message = ignore;
	reader.progress.progress_monitor = watch;
	return read_all(&reader, file);
}
