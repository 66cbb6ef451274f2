#include "client/sandbox/input.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STEP ((size_t)64 * 1024)

void input_free(struct input *input)
{
	if (input->p)
		sodium_memzero(input->p, input->capacity);
	free(input->p);
	*input = (struct input){ 0 };
}

/* realloc would leave a copy of the old buffer behind. */
static int grow(struct input *input)
{
	size_t n = input->n;
	size_t capacity = input->capacity ? 2 * input->capacity : STEP;
	uint8_t *p = malloc(capacity);

	if (!p)
		return -ENOMEM;
	if (n > 0)
		memcpy(p, input->p, n);
	input_free(input);
	*input = (struct input){ p, n, capacity };
	return 0;
}

int input_read(struct input *input, size_t most)
{
	for (;;) {
		ssize_t n;
		int r = input->n == input->capacity ? grow(input) : 0;

		if (r < 0)
			return r;
		n = read(STDIN_FILENO, input->p + input->n,
			 input->capacity - input->n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		input->n += (size_t)n;
		if (input->n > most)
			return -EFBIG;
	}
}

struct bytes input_bytes(const struct input *input)
{
	return (struct bytes){ input->p, input->n };
}
