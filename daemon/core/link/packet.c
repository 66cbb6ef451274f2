#include "daemon/core/link/packet.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

static const struct bytes no_ad;

size_t packet_padded(size_t n)
{
	size_t step = n <= PACKET_PAD_SMALL ? PACKET_PAD_MIN : PACKET_PAD_SMALL;
	size_t padded = (size_max(n, 1) + step - 1) / step * step;

	REQUIRE(n <= PACKET_PLAIN_MAX);
	return size_min(padded, PACKET_PLAIN_MAX);
}

/* Both sides call it before each packet, so they agree on the moment. */
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

int packet_write(struct noise_cipher *cipher, enum packet_type type,
		 struct bytes message, struct queue *out)
{
	size_t padded = packet_padded(PACKET_HEADER + message.n);
	uint8_t *room, *plain;
	int r;

	REQUIRE(message.n <= MESSAGE_MAX);
	/* Asked first, so that plain text never stays in the queue. */
	if (cipher->n == UINT64_MAX)
		return PACKET_ERR_REFUSED;
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
		memcpy(plain + PACKET_HEADER, message.p, message.n);
	REQUIRE(noise_seal(cipher, no_ad, (struct bytes){ plain, padded },
			   plain) == 0);
	return 0;
}

static int read_length(struct packet_reader *reader, size_t wire_max,
		       struct bytes *in)
{
	size_t n, plain;

	reader->length[reader->have++] = in->p[0];
	*in = (struct bytes){ in->p + 1, in->n - 1 };
	if (reader->have < sizeof(reader->length))
		return 0;
	n = get_u16(reader->length);
	if (n < PACKET_PAD_MIN + NOISE_TAG_SIZE || n + 2 > wire_max)
		return PACKET_ERR_REFUSED;
	plain = n - NOISE_TAG_SIZE;
	if (plain > PACKET_PLAIN_MAX || packet_padded(plain) != plain)
		return PACKET_ERR_REFUSED;
	reader->want = n;
	return 0;
}

static int read_sealed(struct packet_reader *reader, struct bytes *in)
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
static int parse(struct bytes plain, struct packet *ret)
{
	size_t n = get_u16(plain.p + 1);
	size_t end = PACKET_HEADER + n;

	if (n > MESSAGE_MAX || end > plain.n || packet_padded(end) != plain.n ||
	    !sodium_is_zero(plain.p + end, plain.n - end))
		return PACKET_ERR_REFUSED;
	if (plain.p[0] < PACKET_OPEN || plain.p[0] > PACKET_CLOSE)
		return PACKET_ERR_REFUSED;
	if (plain.p[0] != PACKET_MESSAGE && n != 0)
		return PACKET_ERR_REFUSED;
	ret->type = (enum packet_type)plain.p[0];
	ret->message = (struct bytes){ plain.p + PACKET_HEADER, n };
	return 0;
}

static int open_record(struct packet_reader *reader, struct packet *ret)
{
	struct queue *sealed = &reader->sealed;
	uint8_t *p = sealed->bytes + sealed->start;
	size_t n = reader->want;

	rekey_if_due(&reader->cipher);
	if (noise_open(&reader->cipher, no_ad, (struct bytes){ p, n }, p) != 0)
		return PACKET_ERR_REFUSED;
	return parse((struct bytes){ p, n - NOISE_TAG_SIZE }, ret);
}

void packet_forget(struct packet_reader *reader)
{
	if (reader->want == 0 || reader->have < reader->want + 2)
		return;
	queue_deinit(&reader->sealed);
	reader->have = 0;
	reader->want = 0;
}

int packet_read(struct packet_reader *reader, size_t wire_max, struct bytes *in,
		struct packet *ret, bool *ret_whole)
{
	int r = 0;

	packet_forget(reader);
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

void packet_reader_deinit(struct packet_reader *reader)
{
	if (reader == NULL)
		return;
	queue_deinit(&reader->sealed);
	sodium_memzero(reader, sizeof(*reader));
}
