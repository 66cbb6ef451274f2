#include "tests/lib/recovery.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/world_inner.h"

#define CLIENT 1
#define ASK_MS 90000
#define PART 20000 /* of a file, for each request */

static char passphrase[] = WORLD_PASSPHRASE;

static ProtobufCBinaryData data_of(const uint8_t *p, size_t n)
{
	union {
		const uint8_t *in;
		uint8_t *out;
	} u = { .in = p };

	return (ProtobufCBinaryData){ n, u.out };
}

int recovery_keeper(struct world *world, int at)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__InviteAsk invite = FOB__INVITE_ASK__INIT;
	int node = world_node(world);
	const Fob__Reply *reply;
	uint32_t inviting, joining;

	world_kill(world, node);
	world->nodes[node].config.keeper = true;
	world_start(world, node);
	world_confirm(world, at, FOB__CONFIRM__CONFIRM_INVITE);
	invite.approve = invite.wait = invite.keeper = true;
	request.invite = &invite;
	inviting = world_send(world, at, &request);
	do
		world_run(world, 10);
	while (!world_reply(world, at, inviting));
	joining = world_join_begin(
		world, node, at,
		world_reply(world, at, inviting)->invited->code);
	reply = world_wait(world, node, joining, ASK_MS);
	EXPECT(world, reply && reply->status == STATUS_OK && reply->joined);
	return node;
}

void recovery_seed(struct world *world, int node, uint8_t ret[static KEY_SIZE])
{
	const struct world_node *n = &world->nodes[node];

	for (size_t i = 0; i < n->n_replies; i++) {
		const Fob__Made *made = n->replies[i]->made;

		if (!made)
			continue;
		EXPECT(world, made->recovery_seed.len == KEY_SIZE);
		memcpy(ret, made->recovery_seed.data, KEY_SIZE);
		return;
	}
	EXPECT(world, false); /* it has made no vault */
}

const Fob__Reply *recovery_kit(struct world *world, int node, const char *op,
			       const uint8_t seed[static KEY_SIZE],
			       const uint8_t *next)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__KitAsk kit = FOB__KIT_ASK__INIT;
	char text[16];

	snprintf(text, sizeof(text), "%s", op);
	kit.op = text;
	kit.seed = data_of(seed, KEY_SIZE);
	if (next)
		kit.next = data_of(next, KEY_SIZE);
	request.kit = &kit;
	return world_ask(world, node, &request);
}

uint32_t recovery_migrate_begin(struct world *world, int node,
				const uint8_t seed[static KEY_SIZE])
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__MigrateAsk migrate = FOB__MIGRATE_ASK__INIT;
	char op[] = "make";

	world_confirm(world, node, FOB__CONFIRM__CONFIRM_RECOVERY);
	migrate.op = op;
	migrate.seed = data_of(seed, KEY_SIZE);
	request.migrate = &migrate;
	/* Other devices hold what they hold, and this one something else. */
	world->revoked = true;
	return world_send(world, node, &request);
}

void recovery_migrate(struct world *world, int node,
		      const uint8_t seed[static KEY_SIZE])
{
	uint32_t id = recovery_migrate_begin(world, node, seed);
	const Fob__Reply *reply = world_wait(world, node, id, ASK_MS);

	EXPECT(world, reply && reply->status == STATUS_OK && reply->migration);
	world_kill(world, node);
	world_start(world, node);
	world_unlock(world, node);
}

/* --- files ------------------------------------------------------------------------ */

void recovery_file_deinit(struct recovery_file *file)
{
	free(file->p);
	*file = (struct recovery_file){ NULL, 0 };
}

bool recovery_try_snapshot(struct world *world, int node,
			   struct recovery_file *ret)
{
	char make[] = "make", next[] = "next";
	bool last = false;

	*ret = (struct recovery_file){ NULL, 0 };
	while (!last) {
		Fob__Request request = FOB__REQUEST__INIT;
		Fob__SnapshotAsk ask = FOB__SNAPSHOT_ASK__INIT;
		const Fob__Reply *reply;
		const Fob__SnapshotInfo *info;

		ask.op = ret->n ? next : make;
		request.snapshot = &ask;
		reply = world_ask(world, node, &request);
		if (!reply || reply->status != STATUS_OK || !reply->snapshot)
			return false;
		info = reply->snapshot;
		ret->p = realloc(ret->p, ret->n + info->data.len);
		REQUIRE(ret->p);
		memcpy(ret->p + ret->n, info->data.data, info->data.len);
		ret->n += info->data.len;
		last = info->last;
	}
	return true;
}

void recovery_snapshot(struct world *world, int node, struct recovery_file *ret)
{
	EXPECT(world, recovery_try_snapshot(world, node, ret));
}

const Fob__Reply *recovery_verify(struct world *world, int node,
				  const struct recovery_file *file,
				  const uint8_t *seed)
{
	const Fob__Reply *reply = NULL;
	char verify[] = "verify";

	for (size_t at = 0; at <= file->n; at += PART) {
		Fob__Request request = FOB__REQUEST__INIT;
		Fob__SnapshotAsk ask = FOB__SNAPSHOT_ASK__INIT;
		size_t n = size_min(PART, file->n - at);

		ask.op = verify;
		ask.first = at == 0;
		ask.last = at + PART > file->n;
		ask.data = data_of(file->p + at, n);
		if (seed)
			ask.seed = data_of(seed, KEY_SIZE);
		request.snapshot = &ask;
		reply = world_ask(world, node, &request);
		EXPECT(world, reply != NULL);
		if (reply->status != STATUS_OK)
			return reply;
	}
	return reply;
}

/* --- recovering ---------------------------------------------------------------------- */

static uint32_t send_step(struct world *world, int node, const char *op,
			  Fob__RecoverAsk *ask)
{
	Fob__Request request = FOB__REQUEST__INIT;
	char text[16];

	snprintf(text, sizeof(text), "%s", op);
	ask->op = text;
	request.recover = ask;
	return world_send(world, node, &request);
}

static const Fob__Reply *ask_step(struct world *world, int node, const char *op,
				  Fob__RecoverAsk *ask)
{
	return world_wait(world, node, send_step(world, node, op, ask), ASK_MS);
}

const Fob__Reply *recovery_begin(struct world *world, int node,
				 const uint8_t seed[static KEY_SIZE])
{
	Fob__RecoverAsk ask = FOB__RECOVER_ASK__INIT;

	ask.seed = data_of(seed, KEY_SIZE);
	return ask_step(world, node, "begin", &ask);
}

const Fob__Reply *recovery_from_file(struct world *world, int node,
				     const struct recovery_file *file)
{
	const Fob__Reply *reply = NULL;

	for (size_t at = 0; at <= file->n; at += PART) {
		Fob__RecoverAsk ask = FOB__RECOVER_ASK__INIT;

		ask.data = data_of(file->p + at, size_min(PART, file->n - at));
		ask.last = at + PART > file->n;
		reply = ask_step(world, node, "data", &ask);
		EXPECT(world, reply != NULL);
		if (reply->status != STATUS_OK)
			return reply;
	}
	return reply;
}

uint32_t recovery_from_begin(struct world *world, int node, int at)
{
	Fob__RecoverAsk ask = FOB__RECOVER_ASK__INIT;

	ask.address = world->nodes[at].address;
	return send_step(world, node, "fetch", &ask);
}

const Fob__Reply *recovery_from(struct world *world, int node, int at)
{
	return world_wait(world, node, recovery_from_begin(world, node, at),
			  ASK_MS);
}

const Fob__Reply *recovery_forget(struct world *world, int node)
{
	Fob__RecoverAsk ask = FOB__RECOVER_ASK__INIT;

	return ask_step(world, node, "forget", &ask);
}

const Fob__Reply *recovery_list(struct world *world, int node)
{
	Fob__RecoverAsk ask = FOB__RECOVER_ASK__INIT;

	return ask_step(world, node, "list", &ask);
}

uint32_t recovery_make_begin(struct world *world, int node, int keep)
{
	const struct set *set = &world->nodes[node].node->set;
	Fob__RecoverAsk ask = FOB__RECOVER_ASK__INIT;
	ProtobufCBinaryData revoke[WORLD_NODES];

	ask.revoke = revoke;
	for (uint32_t i = 0; i < set->n_authors; i++) {
		const struct set_author *author = &set->authors[i];

		if (!author->member || author->role != FOB__ROLE__DEVICE ||
		    (keep >= 0 && !memcmp(author->id, world->nodes[keep].id,
					  DEVICE_ID_SIZE)))
			continue;
		REQUIRE(ask.n_revoke < WORLD_NODES);
		revoke[ask.n_revoke++] = data_of(author->id, DEVICE_ID_SIZE);
	}
	ask.name = world->nodes[node].name;
	ask.passphrase = data_of((uint8_t *)passphrase, sizeof(passphrase) - 1);
	return send_step(world, node, "make", &ask);
}

const Fob__Reply *recovery_make(struct world *world, int node, int keep)
{
	return world_wait(world, node, recovery_make_begin(world, node, keep),
			  ASK_MS);
}

void recovery_gone(struct world *world, int node)
{
	struct event event = world_event(EVENT_CLIENT_GONE);

	world_say(world, "%s  its client goes away", world->nodes[node].name);
	event.conn = CLIENT;
	world_feed(world, node, &event);
	world_turn(world, node);
}
