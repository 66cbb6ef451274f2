/*
 * Codes are found wherever they are, and say what was put into them, drawn by
 * libqrencode, which is not ours and not the reader.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/scan/codes.h"
#include "tests/unit/pictures.h"
#include "proto/text.h"

#define URI "otpauth://totp/GitHub:ada?secret=JBSWY3DPEHPK3PXP&issuer=GitHub"

static struct codes codes;

static bool says(size_t i, struct bytes text)
{
	return i < codes.n && codes.list[i].n == text.n &&
	       memcmp(codes.list[i].text, text.p, text.n) == 0;
}

/* Looks, and frees the picture. */
static void find(struct picture *picture)
{
	codes_free(&codes);
	assert_int_equal(codes_find(picture, &codes), 0);
	picture_free(picture);
}

static void test_sizes(void **state UNUSED)
{
	struct picture picture = { 0 };
	uint32_t module;

	for (module = 1; module <= 12; module++) {
		paper(&picture, 60 * module, 50 * module);
		draw_text(&picture, text_of(URI),
			  (struct spot){ 7 * module, 6 * module, module });
		find(&picture);
		assert_int_equal(codes.n, 1);
		assert_true(says(0, text_of(URI)));
	}
	codes_free(&codes);
	assert_int_equal(codes.n, 0);
}

/* Of modules of one pixel zbar alone reads few, when there are many. */
static void test_dense(void **state UNUSED)
{
	struct picture picture = { 0 };
	static uint8_t text[1009];
	size_t i;

	for (i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)('a' + (i * 7 + sizeof(text)) % 26);
	paper(&picture, 200, 200);
	draw_text(&picture, BYTES(text), (struct spot){ 8, 8, 1 });
	find(&picture);
	assert_true(says(0, BYTES(text)));
	codes_free(&codes);
}

static void test_inverted(void **state UNUSED)
{
	struct picture picture = { 0 };

	paper(&picture, 200, 200);
	draw_text(&picture, text_of(URI), (struct spot){ 16, 16, 4 });
	picture_invert(&picture);
	find(&picture);
	assert_true(says(0, text_of(URI)));
	codes_free(&codes);
}

/* In the order of reading; the one that is there twice, once. */
static void test_page(void **state UNUSED)
{
	struct picture picture = { 0 };
	static const char *const texts[] = { "one", "two", "three", "four",
					     "four" };
	size_t i;

	paper(&picture, 400, 600);
	for (i = 0; i < ARRAY_SIZE(texts); i++)
		draw_text(&picture, text_of(texts[i]),
			  (struct spot){ 20 + 200 * (uint32_t)(i % 2),
					 /* Not quite straight. */
					 40 + 180 * (uint32_t)(i / 2) -
						 5 * (uint32_t)(i % 2),
					 5 });
	find(&picture);
	assert_int_equal(codes.n, 4);
	for (i = 0; i < 4; i++)
		assert_true(says(i, text_of(texts[i])));
	codes_free(&codes);
}

/* A photograph in the dark: at full size there is nothing to see. */
static void test_noise(void **state UNUSED)
{
	struct picture picture = { 0 };
	uint32_t seed = 12345;
	size_t i;

	paper(&picture, 900, 900);
	draw_text(&picture, text_of(URI), (struct spot){ 64, 64, 20 });
	for (i = 0; i < (size_t)900 * 900; i++) {
		uint32_t light = picture.grey[i] ? 150 : 60;

		seed = seed * 1664525 + 1013904223;
		light += (seed >> 24) * 2 / 3;
		picture.grey[i] = (uint8_t)(light > 255 ? 255 : light);
	}
	find(&picture);
	assert_true(says(0, text_of(URI)));
	codes_free(&codes);
}

static void test_bytes(void **state UNUSED)
{
	struct picture picture = { 0 };
	static uint8_t text[2900];
	size_t i;

	/* Every byte there is, a NUL too, as they are. */
	for (i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 31 + 128);
	paper(&picture, 800, 800);
	draw_text(&picture, BYTES(text), (struct spot){ 40, 40, 4 });
	find(&picture);
	assert_true(says(0, BYTES(text)));
	codes_free(&codes);
}

/* Latin-1, and the code says so (ECI 3). */
static void test_latin(void **state UNUSED)
{
	struct picture picture = { 0 };
	QRinput *input = QRinput_new2(0, QR_ECLEVEL_M);
	QRcode *code;

	REQUIRE(input);
	codes_prepare();
	assert_int_equal(QRinput_appendECIheader(input, 3), 0);
	assert_int_equal(QRinput_append(input, QR_MODE_8, 4,
					(const uint8_t *)"caf\xe9"),
			 0);
	code = QRcode_encodeInput(input);
	REQUIRE(code);
	paper(&picture, 200, 200);
	draw_code(&picture, code, (struct spot){ 20, 20, 5 });
	QRcode_free(code);
	QRinput_free(input);
	find(&picture);
	assert_true(says(0, text_of("caf\xc3\xa9")));
	codes_free(&codes);
}

static void test_nothing(void **state UNUSED)
{
	struct picture picture = { 0 };

	paper(&picture, 1, 1);
	find(&picture);
	assert_int_equal(codes.n, 0);
	paper(&picture, 500, 300);
	find(&picture);
	assert_int_equal(codes.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),	 cmocka_unit_test(test_dense),
		cmocka_unit_test(test_inverted), cmocka_unit_test(test_page),
		cmocka_unit_test(test_noise),	 cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_latin),	 cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
