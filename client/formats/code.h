/*
 * A text as a QR code (ISO/IEC 18004): a square of dark and light modules,
 * without the quiet zone. It owns the modules, which say the text as well as
 * the text does, and wipes them.
 */
#ifndef FOB_FORMATS_CODE_H
#define FOB_FORMATS_CODE_H

#include "proto/base.h"

enum {
	CODE_ERR_LONG = 1, /* more than a code holds */
};

#define CODE_TEXT_MAX 2953 /* bytes, in the largest code at level L */
#define CODE_QUIET 4	   /* light modules around it (section 9.1) */

/* Zeroed is empty. */
struct code {
	uint8_t *dark; /* owned; width * width bytes, 0 or 1, row after row */
	size_t width;
};

void code_free(struct code *code);
#define AUTO_CODE CLEANUP(code_free)

/*
 * At error correction level M where that has room, else L. 0, -ENOMEM, or
 * CODE_ERR_LONG; the code is empty before, and stays so on failure.
 */
int code_make(struct code *code, struct bytes text);

/* False in the quiet zone, however far out. */
bool code_dark(const struct code *code, size_t row, size_t column);

#endif
