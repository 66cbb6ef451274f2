/*
 * Clients of a daemon that has no vault, an open one, or a locked one, and a
 * passphrase that they know: requests of every kind with all that they can
 * say, in any order, many at once, while steps die. Each is answered with its
 * own id; the daemon goes on, and after a restart has the same set.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/crash.h"

#define OPS_MAX 40
#define CLIENTS 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct state {
	struct one one;
	struct draw draw;
	bool wiped;
	uint8_t seed[KEY_SIZE];
	char id[2 * RECORD_ID_SIZE + 1];
};

static struct state state;

static void watch(void *arg UNUSED, const struct effect *effect)
{
	if (effect->type == EFFECT_WIPE)
		state.wiped = true;
}

static void know(struct draw *draw)
{
	static const char *const words[] = {
		"passphrase", "other",	 "Shop",	"ada",	   "Bank",
		"note",	      "tag/web", "list",	"add",	   "rm",
		"begin",      "create",	 "deny",	"empty",   "grant",
		"import",     "make",	 "new",		"next",	   "restore",
		"use",	      "verify",	 "data",	"fetch",   "done",
		"main",	      "aws",	 "127.0.0.1:9", "laptop",  "passphrase",
		"482915377",  "pin",	 "icon",	"x-other", "contact",
		"key-file-1", "",	 "resets",	"url",	   "serial",
	};
	struct node *node = state.one.node;

	draw->n_pool = 0;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		draw_know_text(draw, words[i]);
	draw_know_text(draw, state.id);
	draw_know(draw, BYTES(state.seed));
	draw_know(draw, BYTES(node->set.vault_id));
	if (node->self)
		draw_know(draw, BYTES(node->self->id));
	for (uint32_t i = 0; i < node->set.n_records; i++)
		draw_know(draw, BYTES(node->set.records[i].id));
	for (uint32_t i = 0; i < node->set.n_items; i++)
		draw_know(draw,
			  (struct bytes){ node->set.items[i].id, ID_SIZE });
}

static void send(uint32_t conn, struct bytes message)
{
	struct event event = { .type = EVENT_CLIENT, .conn = conn };

	event.data = message;
	if (message.n > 0 && message.n <= FRAME_MAX)
		one_event(&state.one, &event);
}

static void ask(uint32_t conn)
{
	struct draw *draw = &state.draw;
	Fob__Request *request;

	know(draw);
	request = (Fob__Request *)draw_choice(draw, &fob__request__descriptor);
	if (request->id == 0)
		request->id = state.one.next_id++;
	send(conn, draw_pack(draw, &request->base));
}

/* With the passphrase that is right: without it little can be had. */
static void open_up(uint32_t conn)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__UnlockAsk unlock = FOB__UNLOCK_ASK__INIT;
	Fob__ConfirmAsk confirm = FOB__CONFIRM_ASK__INIT;
	static uint8_t text[] = "passphrase";
	ProtobufCBinaryData passphrase = { sizeof(text) - 1, text };

	unlock.passphrase = confirm.passphrase = passphrase;
	confirm.kind = draw_below(&state.draw, 9);
	if (confirm.kind == 0)
		request.unlock = &unlock;
	else
		request.confirm = &confirm;
	one_send(&state.one, conn, &request);
}

static void add_account(uint32_t conn, uint32_t type, uint32_t algorithm)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__AddAsk add = FOB__ADD_ASK__INIT;
	Fob__NewEntry entry = FOB__NEW_ENTRY__INIT, *entries = &entry;
	Fob__OtpValue otp = FOB__OTP_VALUE__INIT;
	static char issuer[] = "Shop", account[] = "ada";
	static uint8_t secret[20] = "12345678901234567890";

	otp.type = type;
	otp.algorithm = algorithm;
	otp.secret = (ProtobufCBinaryData){ sizeof(secret), secret };
	otp.digits = 6;
	otp.period = 30;
	entry.issuer = issuer;
	entry.account = account;
	entry.otp = &otp;
	add.entries = &entries;
	add.n_entries = 1;
	add.force = true;
	request.add = &add;
	one_send(&state.one, conn, &request);
}

static void check_replies(void)
{
	for (size_t i = 0; i < state.one.n_replies; i++) {
		const Fob__Reply *reply = state.one.replies[i];

		REQUIRE(reply->status <= 32);
		REQUIRE(reply->more || reply->status == STATUS_OK ||
			reply->message[0]);
	}
}

static void gone(uint32_t conn)
{
	struct event event = { .type = EVENT_CLIENT_GONE, .conn = conn };

	one_event(&state.one, &event);
}

static void happen(void)
{
	struct draw *draw = &state.draw;
	uint32_t what = draw_below(draw, 16);
	uint32_t conn = 7 + draw_below(draw, CLIENTS);

	if (what < 9)
		ask(conn);
	else if (what < 11)
		open_up(conn);
	else if (what == 11)
		add_account(conn, 1 + draw_below(draw, 5),
			    1 + draw_below(draw, 4));
	else if (what == 12)
		one_later(&state.one, draw_number(draw) % 100000000);
	else if (what == 13)
		gone(conn);
	else if (what == 14)
		state.one.hold = !state.one.hold;
	else
		send(conn, draw_bytes(draw));
	if (!state.one.hold)
		one_release(&state.one);
	if (!state.one.dead)
		check_replies();
	if (state.one.dead)
		crash_restart(&state.one);
	draw_clear(draw);
}

static void begin(struct bytes in)
{
	uint32_t how;

	draw_init(&state.draw, in);
	how = draw_below(&state.draw, 4);
	one_init(&state.one, 3);
	state.one.watch = watch;
	state.wiped = false;
	memset(state.seed, 0, sizeof(state.seed));
	if (how > 0) {
		one_make_vault(&state.one);
		memcpy(state.seed,
		       state.one.replies[0]->made->recovery_seed.data,
		       KEY_SIZE);
		add_account(7, FOB__OTP_TYPE__HOTP, FOB__ALGORITHM__SHA1);
		sodium_bin2hex(state.id, sizeof(state.id),
			       state.one.node->set.records[0].id,
			       RECORD_ID_SIZE);
	}
	crash_draw(&state.one, &state.draw);
	if (how == 1)
		crash_restart(&state.one);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int i;

	begin((struct bytes){ data, size });
	for (i = 0; i < OPS_MAX && !draw_over(&state.draw); i++) {
		happen();
		if (state.wiped)
			break;
	}
	one_release(&state.one);
	if (!state.wiped)
		crash_restart(&state.one);
	scarce_end();
	one_deinit(&state.one);
	draw_deinit(&state.draw);
	return 0;
}
