#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/world_inner.h"

#define CLIENT 1 /* each node has one client; its connection */
#define ASK_MS 90000
#define TEXT_SIZE 256

static char *text_copy(char ret[static TEXT_SIZE], const char *text)
{
	snprintf(ret, TEXT_SIZE, "%s", text);
	return ret;
}

static ProtobufCBinaryData data_of(char *text)
{
	return (ProtobufCBinaryData){ strlen(text), (uint8_t *)text };
}

/* --- asking ------------------------------------------------------------------ */

uint32_t world_send(struct world *world, int node, Fob__Request *request)
{
	struct world_due *due;
	const struct request *known = request_of(request);

	request->id = ++world->next_request;
	world_say(world, "%s  is asked %u: %s", world->nodes[node].name,
		  request->id, known ? known->name : "?");
	due = world_plan(world, DUE_CLIENT, node, 0);
	due->token = CLIENT;
	due->n = fob__request__get_packed_size(request);
	due->data = malloc(due->n + 1);
	REQUIRE(due->data);
	fob__request__pack(request, due->data);
	return request->id;
}

const Fob__Reply *world_reply(const struct world *world, int node, uint32_t id)
{
	const struct world_node *n = &world->nodes[node];

	for (size_t i = n->n_replies; i-- > 0;)
		if (n->replies[i]->id == id)
			return n->replies[i];
	return NULL;
}

struct waiting {
	int node;
	uint32_t id, boot;
};

static bool is_answered(struct world *world, void *arg)
{
	const struct waiting *waiting = arg;
	const Fob__Reply *reply =
		world_reply(world, waiting->node, waiting->id);

	return (reply && !reply->more) ||
	       world->nodes[waiting->node].boot != waiting->boot;
}

const Fob__Reply *world_wait(struct world *world, int node, uint32_t id,
			     uint64_t ms)
{
	struct waiting waiting = { node, id, world->nodes[node].boot };
	const Fob__Reply *reply;

	world_until(world, ms, is_answered, &waiting);
	reply = world_reply(world, node, id);
	return reply && !reply->more ? reply : NULL;
}

const Fob__Reply *world_ask(struct world *world, int node,
			    Fob__Request *request)
{
	return world_wait(world, node, world_send(world, node, request),
			  ASK_MS);
}

/* --- the vault ---------------------------------------------------------------- */

static char passphrase[] = WORLD_PASSPHRASE;

void world_make_vault(struct world *world, int node)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__InitAsk init = FOB__INIT_ASK__INIT;
	const Fob__Reply *reply;

	init.name = world->nodes[node].name;
	init.passphrase = data_of(passphrase);
	request.init = &init;
	reply = world_ask(world, node, &request);
	EXPECT(world, reply && reply->status == STATUS_OK && reply->made);
}

void world_unlock(struct world *world, int node)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__UnlockAsk unlock = FOB__UNLOCK_ASK__INIT;
	const Fob__Reply *reply;

	unlock.passphrase = data_of(passphrase);
	request.unlock = &unlock;
	reply = world_ask(world, node, &request);
	EXPECT(world, reply && reply->status == STATUS_OK);
}

void world_unlock_wrong(struct world *world, int node)
{
	static char wrong[] = WORLD_CANARY "wrong";
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__UnlockAsk unlock = FOB__UNLOCK_ASK__INIT;
	const Fob__Reply *reply;

	unlock.passphrase = data_of(wrong);
	request.unlock = &unlock;
	reply = world_ask(world, node, &request);
	EXPECT(world, reply && reply->status != STATUS_OK);
}

bool world_try_confirm(struct world *world, int node, uint32_t kind)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__ConfirmAsk confirm = FOB__CONFIRM_ASK__INIT;
	const Fob__Reply *reply;

	confirm.kind = kind;
	confirm.passphrase = data_of(passphrase);
	request.confirm = &confirm;
	reply = world_ask(world, node, &request);
	return reply && reply->status == STATUS_OK;
}

void world_confirm(struct world *world, int node, uint32_t kind)
{
	EXPECT(world, world_try_confirm(world, node, kind));
}

struct inviting {
	int node;
	uint32_t id;
};

static bool is_invited(struct world *world, void *arg)
{
	const struct inviting *inviting = arg;

	return world_reply(world, inviting->node, inviting->id) != NULL;
}

bool world_try_invite(struct world *world, int node, char ret_code[static 32],
		      uint32_t *ret_request)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__InviteAsk invite = FOB__INVITE_ASK__INIT;
	struct inviting inviting = { .node = node };
	const Fob__Reply *reply;

	if (!world_try_confirm(world, node, FOB__CONFIRM__CONFIRM_INVITE))
		return false;
	invite.approve = invite.wait = true;
	request.invite = &invite;
	inviting.id = world_send(world, node, &request);
	if (!world_until(world, ASK_MS, is_invited, &inviting))
		return false;
	reply = world_reply(world, node, inviting.id);
	if (!reply->invited || !reply->more)
		return false;
	snprintf(ret_code, 32, "%s", reply->invited->code);
	*ret_request = inviting.id;
	return true;
}

void world_invite(struct world *world, int node, char ret_code[static 32],
		  uint32_t *ret_request)
{
	EXPECT(world, world_try_invite(world, node, ret_code, ret_request));
}

uint32_t world_join_begin(struct world *world, int node, int at,
			  const char *code)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__JoinAsk join = FOB__JOIN_ASK__INIT;
	char *addresses[1] = { world->nodes[at].address };
	char text[TEXT_SIZE];

	join.code = text_copy(text, code);
	join.addresses = addresses;
	join.n_addresses = 1;
	join.name = world->nodes[node].name;
	join.passphrase = data_of(passphrase);
	request.join = &join;
	return world_send(world, node, &request);
}

void world_join(struct world *world, int node, int at)
{
	char code[32];
	uint32_t inviting, joining;
	const Fob__Reply *reply;

	world_invite(world, at, code, &inviting);
	joining = world_join_begin(world, node, at, code);
	reply = world_wait(world, node, joining, ASK_MS);
	if (reply && reply->status != STATUS_OK)
		world_say(world, "%s  could not join: %s",
			  world->nodes[node].name, reply->message);
	EXPECT(world, reply && reply->status == STATUS_OK && reply->joined);
	reply = world_wait(world, at, inviting, ASK_MS);
	EXPECT(world, reply && reply->status == STATUS_OK && reply->joined);
}

/* --- accounts ------------------------------------------------------------------- */

void world_secret(unsigned n, uint8_t ret[static WORLD_SECRET_SIZE])
{
	char text[WORLD_SECRET_SIZE + 1];

	snprintf(text, sizeof(text), "%s%012u", WORLD_CANARY, n);
	memcpy(ret, text, WORLD_SECRET_SIZE);
}

static void fill_otp(Fob__OtpValue *otp, Fob__OtpType type,
		     uint8_t secret[static WORLD_SECRET_SIZE])
{
	fob__otp_value__init(otp);
	otp->type = type;
	otp->algorithm = FOB__ALGORITHM__SHA1;
	otp->digits = 6;
	otp->period = type == FOB__OTP_TYPE__TOTP ? 30 : 0;
	otp->secret = (ProtobufCBinaryData){ WORLD_SECRET_SIZE, secret };
}

struct adding {
	const char *issuer;
	unsigned secret;
	Fob__OtpType type;
	uint32_t copies;
	const char *group;
};

static uint32_t add(struct world *world, int node, const struct adding *what)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__AddAsk ask = FOB__ADD_ASK__INIT;
	Fob__NewEntry entry = FOB__NEW_ENTRY__INIT, *entries[] = { &entry };
	Fob__OtpValue otp;
	uint8_t bytes[WORLD_SECRET_SIZE];
	char text[TEXT_SIZE], account[] = "me", group[TEXT_SIZE];

	world_secret(what->secret, bytes);
	fill_otp(&otp, what->type, bytes);
	entry.issuer = text_copy(text, what->issuer);
	entry.account = account;
	entry.otp = &otp;
	if (what->group)
		entry.group = text_copy(group, what->group);
	ask.entries = entries;
	ask.n_entries = 1;
	ask.wait_copies = what->copies;
	request.add = &ask;
	return world_send(world, node, &request);
}

uint32_t world_add_begin(struct world *world, int node, const char *issuer,
			 unsigned secret)
{
	return add(world, node,
		   &(struct adding){ issuer, secret, FOB__OTP_TYPE__TOTP, 0,
				     NULL });
}

const Fob__Reply *world_add(struct world *world, int node, const char *issuer,
			    unsigned secret)
{
	return world_wait(world, node,
			  world_add_begin(world, node, issuer, secret), ASK_MS);
}

const Fob__Reply *world_add_wait(struct world *world, int node,
				 const char *issuer, unsigned secret,
				 uint32_t copies)
{
	const struct adding what = { issuer, secret, FOB__OTP_TYPE__TOTP,
				     copies, NULL };

	return world_wait(world, node, add(world, node, &what), ASK_MS);
}

const Fob__Reply *world_add_group(struct world *world, int node,
				  const char *issuer, unsigned secret,
				  const char *group)
{
	const struct adding what = { issuer, secret, FOB__OTP_TYPE__TOTP, 0,
				     group };

	return world_wait(world, node, add(world, node, &what), ASK_MS);
}

const Fob__Reply *world_add_hotp(struct world *world, int node,
				 const char *issuer, unsigned secret)
{
	const struct adding what = { issuer, secret, FOB__OTP_TYPE__HOTP, 0,
				     NULL };

	return world_wait(world, node, add(world, node, &what), ASK_MS);
}

#define BATCH 50

static void add_batch(struct world *world, int node, const char *prefix,
		      const unsigned range[static 2])
{
	static char account[] = "me";
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__AddAsk ask = FOB__ADD_ASK__INIT;
	Fob__NewEntry entries[BATCH], *list[BATCH];
	Fob__OtpValue otps[BATCH];
	uint8_t secrets[BATCH][WORLD_SECRET_SIZE];
	char issuers[BATCH][TEXT_SIZE];
	const Fob__Reply *reply;
	size_t n = 0;

	for (unsigned i = range[0]; i < range[1]; i++, n++) {
		snprintf(issuers[n], sizeof(issuers[n]), "%s-%04u", prefix, i);
		world_secret(100000 + i, secrets[n]);
		fill_otp(&otps[n], FOB__OTP_TYPE__TOTP, secrets[n]);
		fob__new_entry__init(&entries[n]);
		entries[n].issuer = issuers[n];
		entries[n].account = account;
		entries[n].otp = &otps[n];
		list[n] = &entries[n];
	}
	ask.entries = list;
	ask.n_entries = n;
	request.add = &ask;
	reply = world_ask(world, node, &request);
	EXPECT(world, reply && reply->status == STATUS_OK && reply->added &&
			      reply->added->n_results == n);
}

void world_add_many(struct world *world, int node, const char *prefix,
		    unsigned n)
{
	for (unsigned i = 0; i < n; i += BATCH) {
		unsigned range[2] = { i, i + BATCH < n ? i + BATCH : n };

		add_batch(world, node, prefix, range);
	}
}

const Fob__Reply *world_set_field(struct world *world, int node,
				  const char *query, const char *key,
				  const char *value)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__EditAsk ask = FOB__EDIT_ASK__INIT;
	Fob__FieldValue field = FOB__FIELD_VALUE__INIT, *fields[] = { &field };
	char texts[3][TEXT_SIZE];

	field.key = text_copy(texts[0], key);
	field.value = data_of(text_copy(texts[1], value));
	ask.query = text_copy(texts[2], query);
	ask.set = fields;
	ask.n_set = 1;
	request.edit = &ask;
	return world_ask(world, node, &request);
}

const Fob__Reply *world_set_secret(struct world *world, int node,
				   const char *query, unsigned secret)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__EditAsk ask = FOB__EDIT_ASK__INIT;
	Fob__OtpValue otp;
	uint8_t bytes[WORLD_SECRET_SIZE];
	char text[TEXT_SIZE];

	world_secret(secret, bytes);
	fill_otp(&otp, FOB__OTP_TYPE__TOTP, bytes);
	ask.query = text_copy(text, query);
	ask.otp = &otp;
	request.edit = &ask;
	return world_ask(world, node, &request);
}

const Fob__Reply *world_remove(struct world *world, int node, const char *query)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__RemoveAsk ask = FOB__REMOVE_ASK__INIT;
	char text[TEXT_SIZE];

	ask.query = text_copy(text, query);
	request.remove = &ask;
	return world_ask(world, node, &request);
}

const Fob__Reply *world_resolve(struct world *world, int node,
				const char *query, const char *keep)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__ResolveAsk ask = FOB__RESOLVE_ASK__INIT;
	char texts[2][TEXT_SIZE];

	ask.query = text_copy(texts[0], query);
	ask.keep = text_copy(texts[1], keep);
	request.resolve = &ask;
	return world_ask(world, node, &request);
}

const Fob__Reply *world_list(struct world *world, int node, const char *query)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__ListAsk ask = FOB__LIST_ASK__INIT;
	char text[TEXT_SIZE];

	ask.query = text_copy(text, query);
	request.list = &ask;
	return world_ask(world, node, &request);
}

const Fob__Reply *world_show(struct world *world, int node, const char *query)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__ShowAsk ask = FOB__SHOW_ASK__INIT;
	char text[TEXT_SIZE];

	ask.query = text_copy(text, query);
	request.show = &ask;
	return world_ask(world, node, &request);
}

const Fob__Reply *world_code(struct world *world, int node, const char *query)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__CodeAsk ask = FOB__CODE_ASK__INIT;
	char text[TEXT_SIZE];

	ask.query = text_copy(text, query);
	request.code = &ask;
	return world_ask(world, node, &request);
}

const Fob__Reply *world_status(struct world *world, int node)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__StatusAsk ask = FOB__STATUS_ASK__INIT;

	request.status = &ask;
	return world_ask(world, node, &request);
}

const Fob__Reply *world_lock(struct world *world, int node)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__LockAsk ask = FOB__LOCK_ASK__INIT;

	request.lock = &ask;
	return world_ask(world, node, &request);
}

const Fob__Reply *world_sync(struct world *world, int node)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__SyncAsk ask = FOB__SYNC_ASK__INIT;

	ask.wait = true;
	request.sync = &ask;
	return world_ask(world, node, &request);
}

const Fob__Reply *world_revoke(struct world *world, int node,
			       const char *device)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__RevokeAsk ask = FOB__REVOKE_ASK__INIT;
	char text[TEXT_SIZE];

	world_confirm(world, node, FOB__CONFIRM__CONFIRM_REVOKE);
	ask.device = text_copy(text, device);
	request.revoke = &ask;
	world->revoked = true;
	return world_ask(world, node, &request);
}
