#include "client/yubikey/tlv.h"

#include <string.h>

#define SHORT_MAX 0x7f /* lengths up to here are one byte */
#define LONG_ONE 0x81  /* one byte of length follows */
#define LONG_TWO 0x82

/* The bytes of the length that follow its first, or -1. */
static int more_of(uint8_t first)
{
	if (first <= SHORT_MAX)
		return 0;
	return first == LONG_ONE ? 1 : first == LONG_TWO ? 2 : -1;
}

int tlv_take(struct bytes *input, struct tlv *ret)
{
	struct bytes in = *input;
	size_t length = 0;
	int more;

	if (in.n == 0)
		return TLV_ERR_END;
	if (in.n < 2)
		return TLV_ERR_SHORT;
	more = more_of(in.p[1]);
	if (more < 0 || in.n < 2 + (size_t)more)
		return TLV_ERR_SHORT;
	if (more == 0)
		length = in.p[1];
	for (int i = 0; i < more; i++)
		length = length << 8 | in.p[2 + i];
	in.p += 2 + more;
	in.n -= 2 + (size_t)more;
	if (length > in.n)
		return TLV_ERR_SHORT;
	ret->tag = input->p[0];
	ret->value = (struct bytes){ in.p, length };
	*input = (struct bytes){ in.p + length, in.n - length };
	return 0;
}

int tlv_take_tag(struct bytes *input, uint8_t tag, struct bytes *ret_value)
{
	struct bytes in = *input;
	struct tlv tlv;

	if (tlv_take(&in, &tlv) != 0 || tlv.tag != tag)
		return TLV_ERR_SHORT;
	*input = in;
	*ret_value = tlv.value;
	return 0;
}

void tlv_put(uint8_t *ret, size_t size, size_t *n, struct tlv tlv)
{
	size_t head = tlv.value.n > SHORT_MAX ? 3 : 2;

	REQUIRE(tlv.value.n <= TLV_PUT_MAX);
	REQUIRE(*n <= size && tlv.value.n + head <= size - *n);
	ret[*n] = tlv.tag;
	if (head == 3)
		ret[*n + 1] = LONG_ONE;
	ret[*n + head - 1] = (uint8_t)tlv.value.n;
	if (tlv.value.n > 0)
		memcpy(ret + *n + head, tlv.value.p, tlv.value.n);
	*n += head + tlv.value.n;
}
