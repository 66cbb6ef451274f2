/* One entry's QR code as a picture. */
#include <errno.h>
#include <png.h>
#include <sodium.h>
#include <stdlib.h>

#include "client/formats/paper.h"

#define PIXELS 8 /* of a module, each way */
#define LIGHT 0xff

static uint8_t *draw(const struct code *code, size_t side)
{
	uint8_t *pixels = malloc(side * side);

	for (size_t y = 0; pixels && y < side; y++)
		for (size_t x = 0; x < side; x++)
			/* Below 0 in the quiet zone is far out as well. */
			pixels[y * side + x] =
				code_dark(code, y / PIXELS - CODE_QUIET,
					  x / PIXELS - CODE_QUIET) ?
					0 :
					LIGHT;
	return pixels;
}

static int compress(const uint8_t *pixels, size_t side,
		    struct document *document)
{
	png_image image = {
		.version = PNG_IMAGE_VERSION,
		.width = (png_uint_32)side,
		.height = (png_uint_32)side,
		.format = PNG_FORMAT_GRAY,
	};
	AUTO_BUFFER struct buffer buffer = { 0 };
	png_alloc_size_t n = PNG_IMAGE_PNG_SIZE_MAX(image);

	if (buffer_alloc(&buffer, n) != 0 ||
	    !png_image_write_to_memory(&image, buffer.p, &n, 0, pixels, 0,
				       NULL))
		return -ENOMEM;
	document_add(document, (struct bytes){ buffer.p, n });
	return 0;
}

int png_write(const struct export *export, struct document *document)
{
	AUTO_CODE struct code code = { 0 };
	uint8_t *pixels;
	size_t side;
	int r;

	REQUIRE(export->only < export->import.n);
	r = paper_code(&export->import.entries[export->only], &code);
	if (r != 0)
		return r;
	side = (code.width + 2 * CODE_QUIET) * PIXELS;
	pixels = draw(&code, side);
	r = pixels ? compress(pixels, side, document) : -ENOMEM;
	if (pixels)
		sodium_memzero(pixels, side * side);
	free(pixels);
	return r;
}
