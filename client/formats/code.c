#include "client/formats/code.h"

#include <errno.h>
#include <qrencode.h>
#include <sodium.h>
#include <stdlib.h>

void code_free(struct code *code)
{
	if (code->dark)
		sodium_memzero(code->dark, code->width * code->width);
	free(code->dark);
	*code = (struct code){ 0 };
}

static QRcode *encode(struct bytes text)
{
	QRcode *made = QRcode_encodeData((int)text.n, text.p, 0, QR_ECLEVEL_M);

	return made ? made :
		      QRcode_encodeData((int)text.n, text.p, 0, QR_ECLEVEL_L);
}

int code_make(struct code *code, struct bytes text)
{
	QRcode *made;
	size_t n;

	if (text.n == 0 || text.n > CODE_TEXT_MAX)
		return CODE_ERR_LONG;
	made = encode(text);
	if (!made)
		return -ENOMEM;
	code->width = (size_t)made->width;
	n = code->width * code->width;
	code->dark = malloc(n);
	for (size_t i = 0; code->dark && i < n; i++)
		code->dark[i] = made->data[i] & 1;
	sodium_memzero(made->data, n);
	QRcode_free(made);
	return code->dark ? 0 : -ENOMEM;
}

bool code_dark(const struct code *code, size_t row, size_t column)
{
	return row < code->width && column < code->width &&
	       code->dark[row * code->width + column];
}
