#include "proto/frame.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 256
#define KEEP_CAPACITY 4096 /* a longer buffer is given back after use */

void frame_init(struct frame *f, size_t max)
{
	REQUIRE(max > 0 && max <= UINT32_MAX);
	*f = (struct frame){ .max = max };
}

static void drop_buffer(struct frame *f)
{
	if (f->buffer)
		sodium_memzero(f->buffer, f->capacity);
	free(f->buffer);
	f->buffer = NULL;
	f->capacity = 0;
}

void frame_deinit(struct frame *f)
{
	if (!f)
		return;
	drop_buffer(f);
	*f = (struct frame){ 0 };
}

bool frame_partial(const struct frame *f)
{
	return f->header_n > 0;
}

void frame_set_max(struct frame *f, size_t max)
{
	REQUIRE(max > 0 && max <= UINT32_MAX);
	REQUIRE(!frame_partial(f));
	f->max = max;
}

void frame_header(uint8_t ret_header[static FRAME_HEADER], size_t n)
{
	REQUIRE(n > 0 && n <= UINT32_MAX);
	ret_header[0] = (uint8_t)(n >> 24);
	ret_header[1] = (uint8_t)(n >> 16);
	ret_header[2] = (uint8_t)(n >> 8);
	ret_header[3] = (uint8_t)n;
}

/* What was handed out is done with: wiped, and forgotten when it was large. */
static void forget_message(struct frame *f)
{
	if (!f->taken)
		return;
	f->taken = false;
	if (f->capacity > KEEP_CAPACITY)
		drop_buffer(f);
	else
		sodium_memzero(f->buffer, f->n);
	f->n = 0;
}

static size_t move_bytes(uint8_t *to, size_t want, struct bytes *input)
{
	size_t n = size_min(want, input->n);

	if (n == 0)
		return 0;
	memcpy(to, input->p, n);
	input->p += n;
	input->n -= n;
	return n;
}

static int take_header(struct frame *f, struct bytes *input)
{
	size_t length;

	f->header_n += move_bytes(f->header + f->header_n,
				  FRAME_HEADER - f->header_n, input);
	if (f->header_n < FRAME_HEADER)
		return FRAME_ERR_MORE;

	length = (size_t)f->header[0] << 24 | (size_t)f->header[1] << 16 |
		 (size_t)f->header[2] << 8 | (size_t)f->header[3];
	if (length == 0)
		f->broken = FRAME_ERR_EMPTY;
	else if (length > f->max)
		f->broken = FRAME_ERR_LONG;
	else
		f->length = length;
	return f->broken;
}

/* Not realloc: the old buffer has to be wiped before it goes. */
static int grow(struct frame *f, size_t need)
{
	size_t capacity = size_max(f->capacity, FIRST_CAPACITY);
	uint8_t *buffer;

	if (need <= f->capacity)
		return 0;
	while (capacity < need)
		capacity *= 2;
	capacity = size_min(capacity, size_max(f->length, need));

	buffer = malloc(capacity);
	if (!buffer)
		return -ENOMEM;
	if (f->n > 0)
		memcpy(buffer, f->buffer, f->n);
	drop_buffer(f);
	f->buffer = buffer;
	f->capacity = capacity;
	return 0;
}

int frame_take(struct frame *f, struct bytes *input, struct bytes *ret_message)
{
	size_t want;
	int r;

	if (f->broken)
		return f->broken;
	forget_message(f);
	if (f->length == 0) {
		r = take_header(f, input);
		if (r != 0)
			return r;
	}

	want = f->length - f->n;
	r = grow(f, f->n + size_min(want, input->n));
	if (r < 0)
		return r;
	f->n += move_bytes(f->buffer ? f->buffer + f->n : NULL, want, input);
	if (f->n < f->length)
		return FRAME_ERR_MORE;

	*ret_message = (struct bytes){ f->buffer, f->n };
	f->header_n = 0;
	f->length = 0;
	f->taken = true;
	return 0;
}
