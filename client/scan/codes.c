#include "client/scan/codes.h"

#include <errno.h>
#include <iconv.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zbar.h>

#define SMALL (1024 * 1024) /* pixels of a picture worth magnifying */
#define TIMES 2
#define SIDE_MIN 64 /* pixels: a smaller copy has no code in it */

/* What zbar needs, and where what it finds goes. */
struct search {
	zbar_image_scanner_t *scanner;
	zbar_image_t *image;
	struct codes *codes;
};

#define LATIN 16 /* parts of ISO 8859 */

/* They stay open, because closing them could unload the tables. */
void codes_prepare(void)
{
	static const char *const others[] = { "CP437", "SJIS", "BIG-5" };
	static iconv_t kept[LATIN + ARRAY_SIZE(others)];
	char name[16];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kept) && !kept[i]; i++) {
		if (i < LATIN)
			snprintf(name, sizeof(name), "ISO8859-%zu", i + 1);
		kept[i] = iconv_open("UTF-8",
				     i < LATIN ? name : others[i - LATIN]);
	}
}

void codes_free(struct codes *codes)
{
	size_t i;

	for (i = 0; i < codes->n; i++) {
		sodium_memzero(codes->list[i].text, codes->list[i].n);
		free(codes->list[i].text);
	}
	codes->n = 0;
}

static void free_search(struct search *search)
{
	if (search->image)
		zbar_image_destroy(search->image);
	if (search->scanner)
		zbar_image_scanner_destroy(search->scanner);
}

static bool known(const struct codes *codes, struct bytes text)
{
	size_t i;

	for (i = 0; i < codes->n; i++)
		if (codes->list[i].n == text.n &&
		    memcmp(codes->list[i].text, text.p, text.n) == 0)
			return true;
	return false;
}

static void place(const zbar_symbol_t *symbol, struct code *ret)
{
	unsigned int i, n = zbar_symbol_get_loc_size(symbol);

	ret->top = ret->left = UINT32_MAX;
	ret->bottom = 0;
	for (i = 0; i < n; i++) {
		int x = zbar_symbol_get_loc_x(symbol, i);
		int y = zbar_symbol_get_loc_y(symbol, i);
		uint32_t left = x > 0 ? (uint32_t)x : 0;
		uint32_t top = y > 0 ? (uint32_t)y : 0;

		ret->left = left < ret->left ? left : ret->left;
		ret->top = top < ret->top ? top : ret->top;
		ret->bottom = top > ret->bottom ? top : ret->bottom;
	}
}

/* Above, or in the same row and to the left. */
static bool before(const struct code *a, const struct code *b)
{
	if (a->bottom < b->top)
		return true;
	return b->bottom >= a->top && a->left < b->left;
}

static int keep(struct codes *codes, const zbar_symbol_t *symbol,
		struct bytes text)
{
	struct code code = { .n = text.n };
	size_t i;

	code.text = malloc(text.n);
	if (!code.text)
		return -ENOMEM;
	memcpy(code.text, text.p, text.n);
	place(symbol, &code);
	for (i = codes->n++; i > 0 && before(&code, &codes->list[i - 1]); i--)
		codes->list[i] = codes->list[i - 1];
	codes->list[i] = code;
	return 0;
}

static int take(struct search *search, const zbar_symbol_t *symbol)
{
	struct codes *codes = search->codes;
	struct bytes text = {
		(const uint8_t *)zbar_symbol_get_data(symbol),
		zbar_symbol_get_data_length(symbol),
	};

	/* A text in several codes, not all of which are here, is no text. */
	if (zbar_symbol_get_type(symbol) != ZBAR_QRCODE || text.n == 0 ||
	    text.n > SCAN_TEXT_MAX || codes->n == SCAN_CODES_MAX ||
	    known(codes, text))
		return 0;
	return keep(codes, symbol, text);
}

static int look(struct search *search, const struct picture *picture)
{
	const zbar_symbol_t *symbol;
	int r = 0;

	zbar_image_set_size(search->image, picture->width, picture->height);
	zbar_image_set_data(search->image, picture->grey,
			    (unsigned long)picture->width * picture->height,
			    NULL);
	if (zbar_scan_image(search->scanner, search->image) < 0)
		return -ENOMEM;
	symbol = zbar_image_first_symbol(search->image);
	for (; r == 0 && symbol; symbol = zbar_symbol_next(symbol))
		r = take(search, symbol);
	return r;
}

static int look_twice(struct search *search, struct picture *picture)
{
	int r = look(search, picture);

	picture_invert(picture);
	return r == 0 ? look(search, picture) : r;
}

/* Modules of one pixel or two are too small for zbar. */
static int look_closer(struct search *search, const struct picture *picture)
{
	AUTO_PICTURE struct picture larger = { 0 };
	int r;

	if ((uint64_t)picture->width * picture->height > SMALL)
		return 0;
	r = picture_magnify(picture, TIMES, &larger);
	if (r < 0)
		return r;
	r = look_twice(search, &larger);
	zbar_image_set_data(search->image, NULL, 0, NULL);
	return r;
}

/* What is noise or blur at full size may be none at half of it. */
static int look_from_afar(struct search *search, struct picture *picture)
{
	int r = 0;

	while (r == 0 && search->codes->n == 0 &&
	       picture->width >= 2 * SIDE_MIN &&
	       picture->height >= 2 * SIDE_MIN) {
		picture_halve(picture);
		r = look_twice(search, picture);
	}
	return r;
}

static int start(struct search *search)
{
	search->scanner = zbar_image_scanner_create();
	search->image = zbar_image_create();
	if (!search->scanner || !search->image)
		return -ENOMEM;
	zbar_image_set_format(search->image, zbar_fourcc('Y', '8', '0', '0'));
	zbar_image_scanner_set_config(search->scanner, ZBAR_NONE,
				      ZBAR_CFG_ENABLE, 0);
	zbar_image_scanner_set_config(search->scanner, ZBAR_QRCODE,
				      ZBAR_CFG_ENABLE, 1);
	/* Bytes as they are: zbar's guesses at encodings take URIs apart. */
	zbar_image_scanner_set_config(search->scanner, ZBAR_QRCODE,
				      ZBAR_CFG_BINARY, 1);
	return 0;
}

int codes_find(struct picture *picture, struct codes *ret)
{
	CLEANUP(free_search) struct search search = { .codes = ret };
	int r = start(&search);

	if (r == 0)
		r = look_twice(&search, picture);
	if (r == 0 && ret->n == 0)
		r = look_closer(&search, picture);
	if (r == 0 && ret->n == 0)
		r = look_from_afar(&search, picture);
	return r;
}
