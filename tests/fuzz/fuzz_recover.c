/*
 * A snapshot that anybody could have sealed for a kit, because its key is
 * public: the parts of a true one in any order, with some changed, lost, given
 * twice or made up. A new machine recovers from it, or says why not, while
 * steps die; and after a restart has the same set. With no kit to open it, it
 * is looked at from outside.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/core/snapshot.h"
#include "tests/fuzz/crash.h"

#define PARTS_MAX 64
#define CONN 7

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct part {
	uint8_t *p;
	size_t n;
};

static struct part parts[PARTS_MAX];
static size_t n_parts;
static struct snapshot_header header;
static uint8_t seed[KEY_SIZE];

/* --- a true one, once ------------------------------------------------------ */

static void add_account(struct one *one, char *issuer)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__AddAsk add = FOB__ADD_ASK__INIT;
	Fob__NewEntry entry = FOB__NEW_ENTRY__INIT, *entries = &entry;
	Fob__OtpValue otp = FOB__OTP_VALUE__INIT;
	uint8_t secret[20] = { (uint8_t)issuer[0] };

	otp.type = FOB__OTP_TYPE__TOTP;
	otp.algorithm = FOB__ALGORITHM__SHA1;
	otp.secret = (ProtobufCBinaryData){ sizeof(secret), secret };
	otp.digits = 6;
	otp.period = 30;
	entry.otp = &otp;
	entry.issuer = issuer;
	add.entries = &entries;
	add.n_entries = 1;
	add.force = true;
	request.add = &add;
	REQUIRE(one_ask(one, &request)->status == STATUS_OK);
}

static void take_apart(struct bytes in)
{
	static struct snapshot_reader reader;
	struct bytes part;
	struct kit kit;

	kit_derive(&kit, seed);
	snapshot_reader_init(&reader, &kit);
	while (in.n > 0) {
		REQUIRE(snapshot_feed(&reader, &in) == 0);
		while (snapshot_next(&reader, &part) && n_parts < PARTS_MAX) {
			parts[n_parts].p = malloc(part.n + 1);
			REQUIRE(parts[n_parts].p);
			memcpy(parts[n_parts].p, part.p, part.n);
			parts[n_parts++].n = part.n;
		}
	}
	header = reader.header;
	REQUIRE(snapshot_ended(&reader) == 0 && n_parts > 3);
	snapshot_reader_deinit(&reader);
}

static void make_parts(void)
{
	static struct one one;
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__SnapshotAsk ask = FOB__SNAPSHOT_ASK__INIT;
	const Fob__Reply *reply;
	static char op[] = "make", first[] = "Shop", second[] = "Bank";

	one_init(&one, 5);
	one_make_vault(&one);
	memcpy(seed, one.replies[0]->made->recovery_seed.data, KEY_SIZE);
	add_account(&one, first);
	add_account(&one, second);
	ask.op = op;
	request.snapshot = &ask;
	reply = one_ask(&one, &request);
	REQUIRE(reply && reply->snapshot && reply->snapshot->last);
	take_apart((struct bytes){ reply->snapshot->data.data,
				   reply->snapshot->data.len });
	one_deinit(&one);
}

/* --- what the input makes of it -------------------------------------------- */

/* Past the writer, which would keep to the rules. */
static void put(struct snapshot_writer *writer, struct bytes part)
{
	uint8_t length[4] = { 0, 0, (uint8_t)(part.n >> 8), (uint8_t)part.n };
	size_t room = sizeof(writer->plain) - writer->n;

	if (part.n == 0 || part.n > UINT16_MAX ||
	    part.n + sizeof(length) > room)
		return;
	memcpy(writer->plain + writer->n, length, sizeof(length));
	memcpy(writer->plain + writer->n + sizeof(length), part.p, part.n);
	writer->n += sizeof(length) + part.n;
}

static struct bytes draw_part(struct draw *draw, size_t turn)
{
	uint8_t how = draw_byte(draw);
	size_t at = how < 160 ? turn % n_parts :
				draw_below(draw, (uint32_t)n_parts);
	uint8_t *copy;

	if (how >= 250)
		return draw_pack(draw,
				 draw_choice(draw,
					     &fob__snapshot_part__descriptor));
	copy = draw_room(draw, parts[at].n);
	memcpy(copy, parts[at].p, parts[at].n);
	if (how % 8 == 7)
		copy[draw_below(draw, (uint32_t)parts[at].n)] ^=
			(uint8_t)(1u << draw_below(draw, 8));
	return (struct bytes){ copy, how % 16 == 6 ? 0 : parts[at].n };
}

static size_t make_file(struct draw *draw, uint8_t *ret)
{
	static struct snapshot_writer writer;
	struct snapshot_header changed = header;
	uint8_t entropy[SNAPSHOT_ENTROPY] = { 8 }, how = draw_byte(draw);
	size_t n = n_parts, written;

	if (how > 240)
		changed.vault_id[how % ID_SIZE] ^= 1;
	if (how > 224)
		changed.generation = how & 3;
	REQUIRE(snapshot_writer_init(&writer, &changed, entropy) == 0);
	if (how < 32)
		n = draw_below(draw, 2 * (uint32_t)n_parts);
	for (size_t i = 0; i < n; i++)
		put(&writer, draw_part(draw, i));
	if (how >= 32 && how < 40) {
		size_t room = size_min(draw->in.n, 4096 - 1);

		memcpy(writer.plain, draw->in.p, room);
		writer.n = room;
	}
	written = snapshot_write(&writer, true, ret);
	snapshot_writer_wipe(&writer);
	if (how == 255 && written > 0)
		ret[draw_below(draw, (uint32_t)written)] ^= 4;
	return written;
}

/* --- asking ---------------------------------------------------------------- */

static void ask(struct one *one, Fob__RecoverAsk *recover)
{
	Fob__Request request = FOB__REQUEST__INIT;

	request.recover = recover;
	one_send(one, CONN, &request);
}

static void look_at(struct one *one, struct bytes file)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__SnapshotAsk look = FOB__SNAPSHOT_ASK__INIT;
	static char op[] = "verify";

	look.op = op;
	look.data = draw_data(file);
	look.first = look.last = true;
	request.snapshot = &look;
	one_send(one, CONN, &request);
}

static void recover(struct one *one, struct draw *draw, struct bytes file)
{
	Fob__RecoverAsk begin = FOB__RECOVER_ASK__INIT, data = begin,
			list = begin, make = begin;
	static char ops[4][8] = { "begin", "data", "list", "make" };
	static char name[] = "new";
	static uint8_t text[] = "passphrase";
	ProtobufCBinaryData out[2];

	begin.op = ops[0];
	begin.seed = (ProtobufCBinaryData){ KEY_SIZE, seed };
	ask(one, &begin);
	data.op = ops[1];
	data.data = draw_data(file);
	data.last = true;
	ask(one, &data);
	list.op = ops[2];
	ask(one, &list);
	for (size_t i = 0; i < ARRAY_SIZE(out); i++) {
		struct bytes id = draw_bytes(draw);

		out[i] = draw_data(id);
	}
	make.op = ops[3];
	make.name = name;
	make.passphrase = (ProtobufCBinaryData){ sizeof(text) - 1, text };
	make.revoke = out;
	make.n_revoke = draw_below(draw, 3);
	ask(one, &make);
}

/* --- a true one, while memory runs out ---------------------------------------- */

static size_t make_true(uint8_t *ret)
{
	static struct snapshot_writer writer;
	uint8_t entropy[SNAPSHOT_ENTROPY] = { 8 };
	size_t n;

	REQUIRE(snapshot_writer_init(&writer, &header, entropy) == 0);
	for (size_t i = 0; i < n_parts; i++)
		put(&writer, (struct bytes){ parts[i].p, parts[i].n });
	n = snapshot_write(&writer, true, ret);
	snapshot_writer_wipe(&writer);
	return n;
}

/* Memory that ran out ends the daemon: it is not the file that is bad. */
static void no_lie(const struct one *one)
{
	for (size_t i = 0; i < one->n_replies; i++)
		REQUIRE(!strstr(one->replies[i]->message, "damaged") &&
			!strstr(one->replies[i]->message, "its maker "));
}

static void true_and_scarce(struct bytes file)
{
	static struct one one;
	struct draw draw;

	for (unsigned n = 1; n < 1200; n += 7) {
		draw_init(&draw, (struct bytes){ NULL, 0 });
		one_init(&one, 3);
		one.step = crash_step;
		scarce_begin(n, false);
		look_at(&one, file);
		recover(&one, &draw, file);
		no_lie(&one);
		crash_restart(&one);
		one_deinit(&one);
		draw_deinit(&draw);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t out[SNAPSHOT_OUT];
	static struct one one;
	struct draw draw;
	struct bytes file = { out, 0 };

	if (n_parts == 0) {
		make_parts();
		true_and_scarce((struct bytes){ out, make_true(out) });
	}
	draw_init(&draw, (struct bytes){ data, size });
	one_init(&one, 3);
	crash_draw(&one, &draw);
	file.n = make_file(&draw, out);
	look_at(&one, file);
	recover(&one, &draw, file);
	one_later(&one, 60000);
	crash_restart(&one);
	one_deinit(&one);
	draw_deinit(&draw);
	return 0;
}
