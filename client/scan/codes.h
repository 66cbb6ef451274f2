/*
 * The QR codes (ISO/IEC 18004) of a picture: what they say. zbar finds them.
 * It looks at the picture as it is and inverted, and when there is nothing,
 * at larger and smaller copies. It owns the texts and wipes them.
 */
#ifndef FOB_SCAN_CODES_H
#define FOB_SCAN_CODES_H

#include "client/scan/picture.h"
#include "proto/limits.h"

struct code {
	uint8_t *text; /* owned; whatever it says, without a NUL behind it */
	size_t n;
	uint32_t top, bottom, left; /* where it is */
};

/* Zeroed is empty. */
struct codes {
	struct code list[SCAN_CODES_MAX]; /* as one reads a page */
	size_t n;
};

void codes_free(struct codes *codes);
#define AUTO_CODES CLEANUP(codes_free)

/*
 * Before the sandbox is closed: loads the tables of the character sets that a
 * code may name. Without them such a code is not read.
 */
void codes_prepare(void);

/*
 * A text that is there twice counts once; further ones than SCAN_CODES_MAX
 * are dropped. The picture is changed. ret is zeroed. 0 or -ENOMEM.
 */
int codes_find(struct picture *picture, struct codes *ret);

#endif
