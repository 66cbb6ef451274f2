/*
 * Pictures of every kind become the grid that they were made from; damaged,
 * cut and too large ones are refused.
 *
 * Covers: picture, shrink, from_png, from_jpeg
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/pictures.h"
#include "proto/limits.h"

#define SIDE 37 /* no multiple of anything */

/* Every value, and a change at every pixel. */
static void shades(struct picture *picture, uint32_t width, uint32_t height)
{
	size_t i, n = (size_t)width * height;

	paper(picture, width, height);
	for (i = 0; i < n; i++)
		picture->grey[i] = (uint8_t)(i * 5 + i / width);
}

static int difference(const struct picture *a, const struct picture *b)
{
	size_t i, n = (size_t)a->width * a->height;
	int most = 0;

	assert_int_equal(a->width, b->width);
	assert_int_equal(a->height, b->height);
	for (i = 0; i < n; i++) {
		int by = abs(a->grey[i] - b->grey[i]);

		most = by > most ? by : most;
	}
	return most;
}

static void png_comes_back(struct png_kind kind)
{
	AUTO_PICTURE struct picture from = { 0 };
	AUTO_PICTURE struct picture to = { 0 };
	struct drawn drawn;
	uint8_t steps = kind.depth < 8 ? (uint8_t)((1 << kind.depth) - 1) : 255;

	shades(&from, SIDE, SIDE + 4);
	write_png(&from, kind, &drawn);
	assert_int_equal(picture_read(drawn_bytes(&drawn), 255, &to), 0);
	/* Few shades are stretched over all. */
	assert_in_range(difference(&from, &to), 0, 256 / (steps + 1));
	assert_false(to.clear);
	free(drawn.p);
}

static void test_png(void **state UNUSED)
{
	static const int kinds[][2] = {
		{ PNG_COLOR_TYPE_GRAY, 1 },
		{ PNG_COLOR_TYPE_GRAY, 2 },
		{ PNG_COLOR_TYPE_GRAY, 4 },
		{ PNG_COLOR_TYPE_GRAY, 8 },
		{ PNG_COLOR_TYPE_GRAY, 16 },
		{ PNG_COLOR_TYPE_PALETTE, 1 },
		{ PNG_COLOR_TYPE_PALETTE, 4 },
		{ PNG_COLOR_TYPE_PALETTE, 8 },
		{ PNG_COLOR_TYPE_RGB, 8 },
		{ PNG_COLOR_TYPE_RGB, 16 },
		{ PNG_COLOR_TYPE_GRAY_ALPHA, 8 },
		{ PNG_COLOR_TYPE_GRAY_ALPHA, 16 },
		{ PNG_COLOR_TYPE_RGB_ALPHA, 8 },
		{ PNG_COLOR_TYPE_RGB_ALPHA, 16 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct png_kind kind = { kinds[i][0], kinds[i][1],
					 PNG_INTERLACE_NONE };

		png_comes_back(kind);
		kind.interlace = PNG_INTERLACE_ADAM7;
		png_comes_back(kind);
	}
}

/* One pixel, grey and opacity: what is behind it shows through. */
static void test_transparent(void **state UNUSED)
{
	static const uint8_t pixel[] = { 100, 51 };
	png_image image = { .version = PNG_IMAGE_VERSION,
			    .width = 1,
			    .height = 1,
			    .format = PNG_FORMAT_GA };
	uint8_t file[256];
	png_alloc_size_t n = sizeof(file);
	struct picture picture = { 0 };

	assert_true(
		png_image_write_to_memory(&image, file, &n, 0, pixel, 0, NULL));
	assert_int_equal(picture_read((struct bytes){ file, n }, 255, &picture),
			 0);
	assert_int_equal(picture.grey[0], (100 * 51 + 255 * 204) / 255);
	assert_true(picture.clear);
	picture_free(&picture);
	assert_int_equal(picture_read((struct bytes){ file, n }, 0, &picture),
			 0);
	assert_int_equal(picture.grey[0], 100 * 51 / 255);
	picture_free(&picture);
}

static void test_jpeg(void **state UNUSED)
{
	static const struct jpeg_kind kinds[] = {
		{ JCS_GRAYSCALE, JCS_GRAYSCALE, 1, false },
		{ JCS_GRAYSCALE, JCS_GRAYSCALE, 1, true },
		{ JCS_RGB, JCS_YCbCr, 3, false },
		{ JCS_RGB, JCS_YCbCr, 3, true },
		{ JCS_RGB, JCS_RGB, 3, false },
		{ JCS_CMYK, JCS_CMYK, 4, false },
		{ JCS_CMYK, JCS_YCCK, 4, true },
	};
	AUTO_PICTURE struct picture from = { 0 };
	size_t i;

	/* Smooth, or JPEG would not keep it. */
	paper(&from, SIDE, SIDE);
	for (i = 0; i < (size_t)SIDE * SIDE; i++)
		from.grey[i] = (uint8_t)(3 * (i / SIDE) + 3 * (i % SIDE));
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct picture to = { 0 };
		struct drawn drawn;

		write_jpeg(&from, kinds[i], &drawn);
		assert_int_equal(picture_read(drawn_bytes(&drawn), 255, &to),
				 0);
		assert_in_range(difference(&from, &to), 0, 6);
		picture_free(&to);
		free(drawn.p);
	}
}

/* Twice as many pixels as are kept: four become one. */
static void test_shrink(void **state UNUSED)
{
	struct png_kind kind = { PNG_COLOR_TYPE_GRAY, 1, PNG_INTERLACE_NONE };
	const uint32_t width = 65001, height = 2 * SCAN_KEPT_MAX / 65001;
	AUTO_PICTURE struct picture from = { 0 };
	AUTO_PICTURE struct picture to = { 0 };
	struct drawn drawn;
	uint32_t x;

	paper(&from, width, height);
	for (x = 0; x < width; x++) {
		from.grey[x] = x < width / 2 ? 0 : 255;
		from.grey[width + x] = from.grey[x];
	}
	write_png(&from, kind, &drawn);
	assert_int_equal(picture_read(drawn_bytes(&drawn), 255, &to), 0);
	assert_int_equal(to.width, width / 2);
	assert_int_equal(to.height, height / 2);
	assert_int_equal(to.grey[0], 0);
	assert_int_equal(to.grey[width / 4 - 1], 0);
	assert_int_equal(to.grey[width / 4 + 1], 255);
	assert_int_equal(to.grey[to.width], 255);
	free(drawn.p);
}

static void test_half_and_more(void **state UNUSED)
{
	AUTO_PICTURE struct picture picture = { 0 };
	AUTO_PICTURE struct picture larger = { 0 };
	static const uint8_t grey[] = { 0, 100, 7, 40, 60, 7, 9, 9, 9 };

	assert_int_equal(picture_init(&picture, 3, 3), 0);
	memcpy(picture.grey, grey, sizeof(grey));
	assert_int_equal(picture_magnify(&picture, 3, &larger), 0);
	assert_int_equal(larger.width, 9);
	assert_int_equal(larger.grey[2], 0);
	assert_int_equal(larger.grey[3], 100);
	assert_int_equal(larger.grey[9 * 3], 40);
	assert_int_equal(larger.grey[80], 9);
	picture_halve(&picture);
	assert_int_equal(picture.width, 1);
	assert_int_equal(picture.height, 1);
	assert_int_equal(picture.grey[0], 50);
	picture_invert(&picture);
	assert_int_equal(picture.grey[0], 205);
}

static int read_part(const uint8_t *p, size_t n)
{
	AUTO_PICTURE struct picture picture = { 0 };
	uint8_t *copy = malloc(n + 1);
	int r;

	REQUIRE(copy);
	if (n > 0)
		memcpy(copy, p, n);
	r = picture_read((struct bytes){ copy, n }, 255, &picture);
	assert_true(r == 0 || !picture.grey);
	free(copy);
	return r;
}

/* Up to behind its pixels a file that is cut is refused. */
static void cut(const struct drawn *drawn, size_t magic, size_t tail)
{
	size_t n;

	for (n = 0; n < drawn->n - tail; n++)
		assert_int_equal(read_part(drawn->p, n),
				 n < magic ? PICTURE_ERR_FORMAT :
					     PICTURE_ERR_DAMAGED);
	assert_int_equal(read_part(drawn->p, drawn->n), 0);
}

static void test_cut(void **state UNUSED)
{
	struct png_kind png = { PNG_COLOR_TYPE_RGB, 8, PNG_INTERLACE_ADAM7 };
	struct jpeg_kind jpeg = { JCS_GRAYSCALE, JCS_GRAYSCALE, 1, true };
	AUTO_PICTURE struct picture picture = { 0 };
	struct drawn drawn;

	shades(&picture, 9, 9);
	write_png(&picture, png, &drawn);
	/* Its end, and a checksum that zlib does not wait for. */
	cut(&drawn, 8, 12 + 4 + 4);
	free(drawn.p);
	write_jpeg(&picture, jpeg, &drawn);
	cut(&drawn, 3, 2);
	free(drawn.p);
}

/* A grey PNG of no more than a header that says how large it is. */
static int read_claim(uint32_t width, uint32_t height)
{
	uint8_t file[33] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
	int i;

	for (i = 0; i < 4; i++) {
		file[16 + i] = (uint8_t)(width >> (24 - 8 * i));
		file[20 + i] = (uint8_t)(height >> (24 - 8 * i));
	}
	file[24] = 8;
	return read_part(file, sizeof(file));
}

static void test_claims(void **state UNUSED)
{
	struct jpeg_kind grey = { JCS_GRAYSCALE, JCS_GRAYSCALE, 1, false };
	AUTO_PICTURE struct picture picture = { 0 };
	struct drawn drawn;
	size_t i;

	assert_int_equal(read_claim(UINT32_MAX, UINT32_MAX), PICTURE_ERR_LARGE);
	assert_int_equal(read_claim(SCAN_SIDE_MAX + 1, 1), PICTURE_ERR_LARGE);
	assert_int_equal(read_claim(65000, 3000), PICTURE_ERR_LARGE);
	assert_int_equal(read_claim(0, 10), PICTURE_ERR_DAMAGED);
	/* The same of JPEG: SOF0 has length, precision, height, width. */
	shades(&picture, 9, 9);
	write_jpeg(&picture, grey, &drawn);
	for (i = 0; memcmp(drawn.p + i, "\xff\xc0", 2) != 0; i++)
		;
	memset(drawn.p + i + 5, 0xf0, 4);
	assert_int_equal(read_part(drawn.p, drawn.n), PICTURE_ERR_LARGE);
	free(drawn.p);
}

static size_t last_scan(const struct drawn *drawn)
{
	size_t i, at = 0;

	for (i = 0; i + 1 < drawn->n; i++)
		if (drawn->p[i] == 0xff && drawn->p[i + 1] == 0xda)
			at = i;
	return at;
}

/* Few bytes that make libjpeg go over all pixels again and again. */
static void test_passes(void **state UNUSED)
{
	struct jpeg_kind kind = { JCS_GRAYSCALE, JCS_GRAYSCALE, 1, true };
	AUTO_PICTURE struct picture picture = { 0 };
	struct drawn drawn;
	size_t at, n;
	uint8_t *p;
	int i;

	shades(&picture, 9, 9);
	write_jpeg(&picture, kind, &drawn);
	at = last_scan(&drawn);
	n = drawn.n - 2 - at;
	p = malloc(drawn.n + n * SCAN_PASSES_MAX);
	REQUIRE(p);
	memcpy(p, drawn.p, drawn.n - 2);
	for (i = 0; i < SCAN_PASSES_MAX; i++)
		memcpy(p + drawn.n - 2 + n * (size_t)i, drawn.p + at, n);
	memcpy(p + drawn.n - 2 + n * SCAN_PASSES_MAX, "\xff\xd9", 2);
	assert_int_equal(read_part(p, drawn.n + n * SCAN_PASSES_MAX),
			 PICTURE_ERR_DAMAGED);
	free(p);
	free(drawn.p);
}

static void test_others(void **state UNUSED)
{
	assert_int_equal(read_part((const uint8_t *)"GIF89a", 6),
			 PICTURE_ERR_FORMAT);
	assert_int_equal(read_part(NULL, 0), PICTURE_ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_png),
		cmocka_unit_test(test_transparent),
		cmocka_unit_test(test_jpeg),
		cmocka_unit_test(test_shrink),
		cmocka_unit_test(test_half_and_more),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_claims),
		cmocka_unit_test(test_passes),
		cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
