/* Packets: sizes on the wire, damage of every kind, rekeying. */
#include "daemon/core/link/packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

static const struct noise_cipher cipher = { { 9, 8, 7 }, 0 };
static uint8_t text[MESSAGE_MAX];

static struct bytes first(size_t n)
{
	return (struct bytes){ text, n };
}

/* Reads all of `wire` in pieces of `step`; the last packet stays in *ret. */
static int read_all(struct packet_reader *reader, struct bytes wire,
		    size_t step, struct packet *ret)
{
	int r = 0, n = 0;

	while (wire.n > 0 && r == 0) {
		struct bytes piece = { wire.p, size_min(step, wire.n) };
		size_t before = piece.n;
		bool whole;

		r = packet_read(reader, FRAME_MAX, &piece, ret, &whole);
		n += whole;
		wire.p += before - piece.n;
		wire.n -= before - piece.n;
	}
	return r == 0 ? n : -r;
}

static void test_sizes(void **state)
{
	(void)state;
	assert_int_equal(packet_padded(0), 64);
	assert_int_equal(packet_padded(64), 64);
	assert_int_equal(packet_padded(65), 128);
	assert_int_equal(packet_padded(512), 512);
	assert_int_equal(packet_padded(513), 1024);
	assert_int_equal(packet_padded(1024), 1024);
	assert_int_equal(packet_padded(PACKET_PLAIN_MAX), PACKET_PLAIN_MAX);
	assert_true(PACKET_HEADER + MESSAGE_MAX <= PACKET_PLAIN_MAX);
	assert_true(2 + PACKET_PLAIN_MAX + NOISE_TAG_SIZE <= FRAME_MAX);
	/* A padded size is its own, which the reader relies on. */
	for (size_t n = 0; n <= PACKET_PLAIN_MAX; n++) {
		size_t padded = packet_padded(n);

		assert_true(padded >= n);
		assert_int_equal(packet_padded(padded), padded);
	}
}

/* Every length gets through, and its bytes with it. */
static void test_round_trips(void **state)
{
	static const size_t sizes[] = { 0,
					1,
					60,
					61,
					62,
					110,
					509,
					510,
					1021,
					1022,
					15376,
					48 * 1024,
					MESSAGE_MAX - 1,
					MESSAGE_MAX };
	struct noise_cipher send = cipher;
	struct packet_reader reader = { .cipher = cipher };

	(void)state;
	randombytes_buf(text, sizeof(text));
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct queue out = { 0 };
		struct packet packet;

		assert_int_equal(packet_write(&send, PACKET_MESSAGE,
					      first(sizes[i]), &out),
				 0);
		assert_int_equal(read_all(&reader, queue_bytes(&out),
					  i % 2 ? 1 : 70000, &packet),
				 1);
		assert_int_equal(packet.type, PACKET_MESSAGE);
		assert_int_equal(packet.message.n, sizes[i]);
		assert_memory_equal(packet.message.p, text, sizes[i]);
		queue_deinit(&out);
	}
	packet_forget(&reader);
	assert_null(reader.sealed.bytes);
	packet_reader_deinit(&reader);
}

/* A message of sync about equality fits the budget of bytes on the wire. */
static void test_budget(void **state)
{
	struct noise_cipher send = cipher;
	struct queue out = { 0 };

	(void)state;
	packet_write(&send, PACKET_MESSAGE, first(110), &out);
	assert_true(queue_bytes(&out).n <= 150);
	queue_deinit(&out);
	packet_write(&send, PACKET_CLOSE, first(0), &out);
	assert_int_equal(queue_bytes(&out).n, PACKET_EMPTY);
	queue_deinit(&out);
}

/* Lengths that no honest sender uses are refused before memory is taken. */
static void test_bad_lengths(void **state)
{
	(void)state;
	for (size_t n = 0; n <= 0xffff; n++) {
		struct packet_reader reader = { .cipher = cipher };
		uint8_t length[2] = { (uint8_t)(n >> 8), (uint8_t)n };
		struct bytes in = BYTES(length);
		struct packet packet;
		bool whole, fits = n >= 80 && n - 16 <= PACKET_PLAIN_MAX &&
				   packet_padded(n - 16) == n - 16;
		int r = packet_read(&reader, FRAME_MAX, &in, &packet, &whole);

		assert_int_equal(r, fits ? 0 : PACKET_ERR_REFUSED);
		assert_false(whole);
		assert_null(reader.sealed.bytes);
	}
}

static void test_wire_max(void **state)
{
	struct noise_cipher send = cipher;
	struct packet_reader reader = { .cipher = cipher };
	struct queue out = { 0 };
	struct packet packet;
	struct bytes in;
	bool whole;

	(void)state;
	packet_write(&send, PACKET_MESSAGE, first(62), &out);
	in = queue_bytes(&out);
	assert_int_equal(packet_read(&reader, PACKET_EMPTY, &in, &packet,
				     &whole),
			 PACKET_ERR_REFUSED);
	queue_deinit(&out);
}

/* Any bit flipped: nothing comes out. */
static void test_flips(void **state)
{
	struct noise_cipher send = cipher;
	struct queue out = { 0 };
	size_t n;

	(void)state;
	packet_write(&send, PACKET_MESSAGE, first(10), &out);
	n = queue_bytes(&out).n;
	for (size_t bit = 0; bit < 8 * n; bit++) {
		struct packet_reader reader = { .cipher = cipher };
		struct packet packet;

		out.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		/* A longer length waits for ever; all else is refused. */
		assert_true(read_all(&reader, queue_bytes(&out), 7, &packet) <=
			    0);
		out.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		packet_reader_deinit(&reader);
	}
	queue_deinit(&out);
}

static void test_order(void **state)
{
	struct noise_cipher send = cipher;
	struct packet_reader reader = { .cipher = cipher };
	struct queue out = { 0 };
	struct packet packet;
	struct bytes wire;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		packet_write(&send, PACKET_MESSAGE, first(i), &out);
	wire = queue_bytes(&out);
	/* The second first. */
	assert_int_equal(read_all(&reader, (struct bytes){ wire.p + 82, 82 },
				  99, &packet),
			 -PACKET_ERR_REFUSED);
	packet_reader_deinit(&reader);
	/* The first twice. */
	reader.cipher = cipher;
	assert_int_equal(read_all(&reader, (struct bytes){ wire.p, 82 }, 99,
				  &packet),
			 1);
	assert_int_equal(read_all(&reader, (struct bytes){ wire.p, 82 }, 99,
				  &packet),
			 -PACKET_ERR_REFUSED);
	packet_reader_deinit(&reader);
	queue_deinit(&out);
}

/* Seals what an honest sender never would, with a good tag. */
static int read_plain(const uint8_t *plain, size_t n)
{
	struct noise_cipher send = cipher;
	struct packet_reader reader = { .cipher = cipher };
	struct packet packet;
	uint8_t wire[2 + 128 + 16] = { 0, (uint8_t)(n + 16) };
	int r;

	noise_seal(&send, (struct bytes){ NULL, 0 }, (struct bytes){ plain, n },
		   wire + 2);
	r = read_all(&reader, (struct bytes){ wire, n + 18 }, 999, &packet);
	packet_reader_deinit(&reader);
	return r;
}

static void test_bad_plain_text(void **state)
{
	uint8_t plain[128] = { PACKET_MESSAGE, 0, 5, 'h', 'e', 'l', 'l', 'o' };

	(void)state;
	assert_int_equal(read_plain(plain, 64), 1);
	/* Padded more than it must be. */
	assert_int_equal(read_plain(plain, 128), -PACKET_ERR_REFUSED);
	plain[63] = 1; /* padding that is not zeros */
	assert_int_equal(read_plain(plain, 64), -PACKET_ERR_REFUSED);
	plain[63] = 0;
	plain[2] = 62; /* longer than the packet */
	assert_int_equal(read_plain(plain, 64), -PACKET_ERR_REFUSED);
	plain[1] = 255;
	assert_int_equal(read_plain(plain, 64), -PACKET_ERR_REFUSED);
	plain[1] = 0;
	plain[2] = 5;
	for (unsigned int type = 0; type < 256; type++) {
		plain[0] = (uint8_t)type;
		assert_int_equal(read_plain(plain, 64),
				 type == PACKET_MESSAGE ? 1 :
							  -PACKET_ERR_REFUSED);
	}
}

/* Past the limit both sides use the new key, and only the new one. */
static void test_rekey(void **state)
{
	struct noise_cipher send = cipher, old, expected = cipher;
	struct packet_reader reader = { .cipher = cipher };
	struct queue out = { 0 };
	struct packet packet;

	(void)state;
	send.n = reader.cipher.n = REKEY_RECORDS - 1;
	for (size_t i = 0; i < 3; i++)
		packet_write(&send, PACKET_MESSAGE, first(i), &out);
	assert_int_equal(read_all(&reader, queue_bytes(&out), 1, &packet), 3);
	assert_int_equal(packet.message.n, 2);
	noise_rekey(&expected);
	assert_memory_equal(send.key, expected.key, 32);
	assert_memory_equal(reader.cipher.key, expected.key, 32);
	assert_int_equal(send.n, REKEY_RECORDS + 2);
	/* The old key does not open what came after. */
	old = cipher;
	old.n = REKEY_RECORDS;
	assert_int_equal(
		noise_open(&old, (struct bytes){ NULL, 0 },
			   (struct bytes){ queue_bytes(&out).p + 84, 80 },
			   text),
		NOISE_ERR_REFUSED);
	queue_deinit(&out);
	packet_reader_deinit(&reader);
}

/* The numbers run out: an error, and no plain text left in the queue. */
static void test_numbers_run_out(void **state)
{
	struct noise_cipher send = cipher;
	struct queue out = { 0 };

	(void)state;
	send.n = UINT64_MAX;
	assert_int_equal(packet_write(&send, PACKET_MESSAGE, first(5), &out),
			 PACKET_ERR_REFUSED);
	assert_int_equal(queue_bytes(&out).n, 0);
	queue_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_bad_lengths),
		cmocka_unit_test(test_wire_max),
		cmocka_unit_test(test_flips),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_bad_plain_text),
		cmocka_unit_test(test_rekey),
		cmocka_unit_test(test_numbers_run_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
