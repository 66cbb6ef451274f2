#include "daemon/core/link/record.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

static const struct bytes no_ad;

size_t record_padded(size_t n)
{
	size_t step = n <= RECORD_PAD_SMALL ? RECORD_PAD_MIN : RECORD_PAD_SMALL;
	size_t padded = (size_max(n, 1) + step - 1) / step * step;

	REQUIRE(n <= RECORD_PLAIN_MAX);
	return size_min(padded, RECORD_PLAIN_MAX);
}

/* Both sides call it before each record, so they agree on the moment. */
static void rekey_if_due(struct noise_cipher *cipher)
{
	if (cipher->n > 0 && cipher->n % REKEY_RECORDS == 0)
		noise_rekey(cipher);
}

static void put_u16(uint8_t *p, size_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

static size_t get_u16(const uint8_t *p)
{
	return (size_t)p[0] << 8 | p[1];
}

int record_write(struct noise_cipher *cipher, enum record_type type,
		 struct bytes message, struct queue *out)
{
	size_t padded = record_padded(RECORD_HEADER + message.n);
	uint8_t *room, *plain;
	int r;

	REQUIRE(message.n <= MESSAGE_MAX);
	/* Asked first, so that plain text never stays in the queue. */
	if (cipher->n == UINT64_MAX)
		return RECORD_ERR_REFUSED;
	r = queue_reserve(out, 2 + padded + NOISE_TAG_SIZE, &room);
	if (r != 0)
		return r;
	rekey_if_due(cipher);
	put_u16(room, padded + NOISE_TAG_SIZE);
	plain = room + 2;
	memset(plain, 0, padded);
	plain[0] = (uint8_t)type;
	put_u16(plain + 1, message.n);
	if (message.n > 0)
		memcpy(plain + RECORD_HEADER, message.p, message.n);
	REQUIRE(noise_seal(cipher, no_ad, (struct bytes){ plain, padded },
			   plain) == 0);
	return 0;
}

static int read_length(struct record_reader *reader, size_t wire_max,
		       struct bytes *in)
{
	size_t n, plain;

	reader->length[reader->have++] = in->p[0];
	*in = (struct bytes){ in->p + 1, in->n - 1 };
	if (reader->have < sizeof(reader->length))
		return 0;
	n = get_u16(reader->length);
	if (n < RECORD_PAD_MIN + NOISE_TAG_SIZE || n + 2 > wire_max)
		return RECORD_ERR_REFUSED;
	plain = n - NOISE_TAG_SIZE;
	if (plain > RECORD_PLAIN_MAX || record_padded(plain) != plain)
		return RECORD_ERR_REFUSED;
	reader->want = n;
	return 0;
}

static int read_sealed(struct record_reader *reader, struct bytes *in)
{
	size_t n = size_min(in->n, reader->want + 2 - reader->have);
	int r = queue_put(&reader->sealed, (struct bytes){ in->p, n });

	if (r != 0)
		return r;
	reader->have += n;
	*in = (struct bytes){ in->p + n, in->n - n };
	return 0;
}

/* Checks what the sender had to obey, all of it behind the tag. */
static int parse(struct bytes plain, struct record *ret)
{
	size_t n = get_u16(plain.p + 1);
	size_t end = RECORD_HEADER + n;

	if (n > MESSAGE_MAX || end > plain.n || record_padded(end) != plain.n ||
	    !sodium_is_zero(plain.p + end, plain.n - end))
		return RECORD_ERR_REFUSED;
	if (plain.p[0] < RECORD_OPEN || plain.p[0] > RECORD_CLOSE)
		return RECORD_ERR_REFUSED;
	if (plain.p[0] != RECORD_MESSAGE && n != 0)
		return RECORD_ERR_REFUSED;
	ret->type = (enum record_type)plain.p[0];
	ret->message = (struct bytes){ plain.p + RECORD_HEADER, n };
	return 0;
}

static int open_record(struct record_reader *reader, struct record *ret)
{
	struct queue *sealed = &reader->sealed;
	uint8_t *p = sealed->bytes + sealed->start;
	size_t n = reader->want;

	rekey_if_due(&reader->cipher);
	if (noise_open(&reader->cipher, no_ad, (struct bytes){ p, n }, p) != 0)
		return RECORD_ERR_REFUSED;
	return parse((struct bytes){ p, n - NOISE_TAG_SIZE }, ret);
}

void record_forget(struct record_reader *reader)
{
	if (reader->want == 0 || reader->have < reader->want + 2)
		return;
	queue_deinit(&reader->sealed);
	reader->have = 0;
	reader->want = 0;
}

int record_read(struct record_reader *reader, size_t wire_max, struct bytes *in,
		struct record *ret, bool *ret_whole)
{
	int r = 0;

	record_forget(reader);
	*ret_whole = false;
	while (r == 0 && in->n > 0 && reader->want == 0)
		r = read_length(reader, wire_max, in);
	if (r == 0 && in->n > 0)
		r = read_sealed(reader, in);
	if (r != 0 || reader->want == 0 || reader->have < reader->want + 2)
		return r;
	r = open_record(reader, ret);
	*ret_whole = r == 0;
	return r;
}

void record_reader_deinit(struct record_reader *reader)
{
	if (reader == NULL)
		return;
	queue_deinit(&reader->sealed);
	sodium_memzero(reader, sizeof(*reader));
}
