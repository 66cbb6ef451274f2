#include "client/formats/buffer.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "proto/text.h"

void buffer_free(struct buffer *buffer)
{
	if (buffer->p)
		sodium_memzero(buffer->p, buffer->n);
	free(buffer->p);
	*buffer = (struct buffer){ 0 };
}

int buffer_alloc(struct buffer *buffer, size_t n)
{
	uint8_t *p = calloc(1, n > 0 ? n : 1);

	if (!p)
		return -ENOMEM;
	buffer_free(buffer);
	*buffer = (struct buffer){ p, n };
	return 0;
}

struct bytes buffer_bytes(const struct buffer *buffer)
{
	return (struct bytes){ buffer->p, buffer->n };
}

/* Takes over the first n bytes of from, which is larger or as large. */
static void take(struct buffer *buffer, struct buffer *from, size_t n)
{
	sodium_memzero(from->p + n, from->n - n);
	buffer_free(buffer);
	*buffer = (struct buffer){ from->p, n };
	*from = (struct buffer){ 0 };
}

int buffer_base64(struct buffer *buffer, struct bytes text)
{
	AUTO_BUFFER struct buffer out = { 0 };
	size_t n;

	while (text.n > 0 && memchr("= \t\r\n", text.p[text.n - 1], 5))
		text.n--;
	if (buffer_alloc(&out, text.n / 4 * 3 + 3) < 0)
		return -ENOMEM;
	if (text.n == 0) {
		n = 0;
	} else if (sodium_base642bin(
			   out.p, out.n, (const char *)text.p, text.n,
			   " \t\r\n", &n, NULL,
			   sodium_base64_VARIANT_ORIGINAL_NO_PADDING)) {
		return BUFFER_ERR_TEXT;
	}
	take(buffer, &out, n);
	return 0;
}

int buffer_hex(struct buffer *buffer, struct bytes text)
{
	AUTO_BUFFER struct buffer out = { 0 };
	size_t n = 0;

	if (buffer_alloc(&out, text.n / 2 + 1) < 0)
		return -ENOMEM;
	if (text.n > 0 && text_hex_decode(out.p, out.n, text, &n) != 0)
		return BUFFER_ERR_TEXT;
	take(buffer, &out, n);
	return 0;
}
