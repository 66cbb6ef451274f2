#include "client/formats/number.h"

bool number_read(struct bytes text, uint64_t *ret)
{
	uint64_t v = 0;

	for (size_t i = 0; i < text.n; i++) {
		uint64_t digit = (uint64_t)text.p[i] - '0';

		if (digit > 9 || v > (UINT64_MAX - digit) / 10)
			return false;
		v = 10 * v + digit;
	}
	if (text.n == 0)
		return false;
	*ret = v;
	return true;
}

void number_take(struct bytes text, uint32_t *field)
{
	uint64_t v = 0;

	if (text.n == 0)
		return;
	if (!number_read(text, &v) || v == 0 || v > UINT32_MAX)
		v = UINT32_MAX;
	*field = (uint32_t)v;
}

bool number_counter(struct bytes text, uint64_t *field)
{
	return text.n == 0 || number_read(text, field);
}
