/*
 * What a client reads from its daemon: any bytes, or replies with any values
 * in any order. Whatever is taken is whole, and was paid for.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/daemon.h"
#include "tests/fuzz/draw.h"
#include "tests/fuzz/scarce.h"

#define WIRE_MAX ((size_t)96 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct wire {
	uint8_t bytes[WIRE_MAX];
	size_t n;
};

static struct wire wire;

static void add(struct bytes part)
{
	size_t n = size_min(part.n, WIRE_MAX - wire.n);

	if (n > 0)
		memcpy(wire.bytes + wire.n, part.p, n);
	wire.n += n;
}

static void write_replies(struct draw *draw)
{
	uint8_t header[FRAME_HEADER];

	draw_know_text(draw, "Shop");
	draw_know_text(draw, "caf\xc3\xa9 \x1b[31m\n");
	draw_know_text(draw, "\xff\xfe");
	for (int i = 0; i < 8 && !draw_over(draw); i++) {
		const ProtobufCMessage *reply =
			draw_message(draw, &fob__reply__descriptor, 3);
		struct bytes packed = draw_pack(draw, reply);

		if (packed.n == 0)
			continue;
		frame_header(header, packed.n);
		add(BYTES(header));
		add(packed);
	}
}

static void read_all(void)
{
	static struct daemon daemon;
	int ends[2], r;

	REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	REQUIRE(wire.n == 0 ||
		write(ends[1], wire.bytes, wire.n) == (ssize_t)wire.n);
	close(ends[1]);
	daemon_init(&daemon);
	daemon.fd = ends[0];
	do {
		AUTO_ANSWER struct answer answer = { 0 };

		scarce_resume();
		r = daemon_receive(&daemon, 1000, &answer);
		scarce_pause();
		REQUIRE(r != 0 || answer.reply);
		REQUIRE(r <= DAEMON_ERR_LONG && r != DAEMON_ERR_TIMEOUT);
	} while (r == 0);
	daemon_close(&daemon);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct draw draw;
	uint8_t how;

	draw_init(&draw, (struct bytes){ data, size });
	how = draw_byte(&draw);
	wire.n = 0;
	if (how & 1)
		write_replies(&draw);
	else
		add(draw.in);
	if (how >= 192)
		scarce_begin(how - 191, how & 2);
	read_all();
	scarce_end();
	draw_deinit(&draw);
	return 0;
}
