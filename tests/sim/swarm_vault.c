/*
 * What people do to the vault itself: who is in it, who reads, the kit. It is
 * tried whatever the state of things; much of it is refused.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/recovery.h"
#include "tests/sim/swarm.h"

static uint64_t dice(struct swarm *swarm, uint64_t limit)
{
	return stream_below(&swarm->trouble, limit);
}

/* Before what asks for the passphrase again. */
static bool may(struct swarm *swarm, int node, uint32_t kind)
{
	if (!is_unlocked(swarm, node) || !is_member(swarm, node))
		return false;
	return world_try_confirm(swarm->world, node, kind);
}

/* --- who is in ------------------------------------------------------------------- */

/* Without the rank for it, it is a suspension. */
void vault_revoke(struct swarm *swarm, int by, int target, bool rank)
{
	const struct node *core = machine(swarm, by)->node;
	uint32_t author;

	if (by == target || !is_member(swarm, by) || !is_unlocked(swarm, by))
		return;
	author = set_author(&core->set, machine(swarm, target)->id);
	if (author == NONE || !core->set.authors[core->self_author].member ||
	    roster_outranks(&core->roster, core->self_author, author) != rank)
		return;
	world_count(swarm->world, rank ? TALLY_REVOKE : TALLY_SUSPEND);
	world_revoke(swarm->world, by, machine(swarm, target)->name);
	swarm->unsure = true;
}

static bool lift(struct swarm *swarm, int by, int target, bool kit)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__LiftAsk ask = FOB__LIFT_ASK__INIT;

	if (!may(swarm, by, FOB__CONFIRM__CONFIRM_REVOKE))
		return false;
	ask.device = machine(swarm, target)->name;
	if (kit)
		ask.recovery_seed =
			(ProtobufCBinaryData){ KEY_SIZE, swarm->kit };
	request.lift = &ask;
	if (!story_ok(world_ask(swarm->world, by, &request)))
		return false;
	world_count(swarm->world, TALLY_LIFT);
	return true;
}

static bool is_suspended(struct swarm *swarm, int by, int target)
{
	const struct node *core = machine(swarm, by)->node;
	uint32_t author = set_author(&core->set, machine(swarm, target)->id);

	return author != NONE && author < core->roster.n_devices &&
	       core->roster.devices[author].suspended;
}

void vault_lift(struct swarm *swarm, int by, int target)
{
	if (is_member(swarm, by) && is_suspended(swarm, by, target))
		lift(swarm, by, target, dice(swarm, 3) == 0);
}

bool vault_suspended(struct swarm *swarm, int target)
{
	for (int i = 0; i < swarm->world->n_nodes; i++)
		if (is_member(swarm, i) && is_suspended(swarm, i, target))
			return true;
	return false;
}

void vault_lift_all(struct swarm *swarm)
{
	for (int i = 0; i < swarm->world->n_nodes; i++)
		for (int by = 0; by < swarm->world->n_nodes; by++)
			if (is_member(swarm, by) && is_suspended(swarm, by, i))
				lift(swarm, by, i, true);
}

/* The machine is set up anew, whatever it was. */
void vault_again(struct swarm *swarm, int node)
{
	struct world_node *n = machine(swarm, node);
	struct disk empty;
	struct world_ids none;

	memset(&empty, 0, sizeof(empty));
	memset(&none, 0, sizeof(none));
	if (n->node)
		world_kill(swarm->world, node);
	world_say(swarm->world, "%s  is wiped", n->name);
	world_count(swarm->world, TALLY_WIPED);
	world_replace_disk(swarm->world, node, &empty, &none);
	memset(n->id, 0, sizeof(n->id));
	n->config.keeper = dice(swarm, 4) == 0;
	n->went_back = swarm->clone[node] = false;
	swarm->unsure = true;
	world_start(swarm->world, node);
}

/* --- the kit ----------------------------------------------------------------------- */

void vault_kit(struct swarm *swarm, int node)
{
	const Fob__Reply *reply;

	if (!may(swarm, node, FOB__CONFIRM__CONFIRM_RECOVERY))
		return;
	if (dice(swarm, 3) == 0) {
		recovery_kit(swarm->world, node, "verify", swarm->kit, NULL);
		return;
	}
	/* Somebody who was away may have the former words only. */
	reply = recovery_kit(swarm->world, node, "new",
			     dice(swarm, 2) ? swarm->old_kit : swarm->kit,
			     NULL);
	if (!story_ok(reply) || !reply->made)
		return;
	memcpy(swarm->old_kit, swarm->kit, KEY_SIZE);
	memcpy(swarm->kit, reply->made->recovery_seed.data, KEY_SIZE);
}

static size_t count_members(struct swarm *swarm, int node)
{
	const struct set *set = &machine(swarm, node)->node->set;
	size_t n = 0;

	for (uint32_t i = 0; i < set->n_authors; i++)
		n += set->authors[i].member;
	return n;
}

/* A new machine, the words, and what one of the others still has. */
void vault_recover(struct swarm *swarm, int from, int keep)
{
	struct world *world = swarm->world;
	int node;

	/* Two that recover apart know nothing of each other, ever. */
	if (world->n_nodes >= WORLD_NODES - 1 || !is_awake(swarm, from) ||
	    !is_member(swarm, from) || swarm->recovered)
		return;
	node = world_node(world);
	if (story_ok(recovery_begin(world, node, swarm->kit)) &&
	    story_ok(recovery_from(world, node, from)) &&
	    story_ok(recovery_list(world, node)) &&
	    count_members(swarm, node) < WORLD_NODES &&
	    story_ok(recovery_make(world, node, keep))) {
		world->revoked = swarm->unsure = swarm->recovered = true;
		swarm->heir = node;
		swarm->reads[node] = true; /* the kit lets it into all */
		return;
	}
	if (machine(swarm, node)->node &&
	    machine(swarm, node)->node->state == NODE_EMPTY)
		recovery_gone(world, node);
}

void vault_snapshot(struct swarm *swarm, int node)
{
	AUTO_RECOVERY_FILE struct recovery_file file = { NULL, 0 };

	if (!is_unlocked(swarm, node) || !is_member(swarm, node))
		return;
	if (recovery_try_snapshot(swarm->world, node, &file))
		EXPECT(swarm->world, story_ok(recovery_verify(
					     swarm->world, node, &file, NULL)));
}

/* --- for good ----------------------------------------------------------------------- */

void vault_purge(struct swarm *swarm, int node)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__PurgeAsk ask = FOB__PURGE_ASK__INIT;
	char issuer[32];

	if (!may(swarm, node, FOB__CONFIRM__CONFIRM_PURGE))
		return;
	issuer_of((unsigned)dice(swarm, swarm->n_records), issuer);
	ask.query = issuer;
	ask.now = dice(swarm, 4) == 0;
	request.purge = &ask;
	swarm->unsure = true;
	if (story_ok(world_ask(swarm->world, node, &request)))
		world_count(swarm->world, TALLY_PURGE);
}

/* --- groups ------------------------------------------------------------------------- */

static const Fob__Reply *group_op(struct swarm *swarm, int node, const char *op,
				  int whom)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__GroupAsk ask = FOB__GROUP_ASK__INIT;
	char name[] = "chosen", text[16];
	char *devices[1] = { machine(swarm, whom)->name };

	snprintf(text, sizeof(text), "%s", op);
	ask.op = text;
	ask.name = name;
	ask.devices = devices;
	ask.n_devices = 1;
	request.group = &ask;
	return world_ask(swarm->world, node, &request);
}

static void add_hidden(struct swarm *swarm, int node)
{
	char issuer[32];

	snprintf(issuer, sizeof(issuer), SWARM_HIDDEN "%02u",
		 swarm->n_hidden++);
	if (story_ok(world_add_group(swarm->world, node, issuer,
				     swarm->n_secrets++, "chosen")))
		world_count(swarm->world, TALLY_GROUP_ENTRY);
}

void vault_group(struct swarm *swarm, int node, int whom)
{
	if (!is_unlocked(swarm, node) || !is_member(swarm, node))
		return;
	if (!swarm->n_groups) {
		swarm->n_groups++;
		swarm->reads[node] =
			story_ok(group_op(swarm, node, "create", node));
		return;
	}
	switch (dice(swarm, 6)) {
	case 0:
		if (swarm->n_groups++ < 3 &&
		    story_ok(group_op(swarm, node, "create", node)))
			swarm->reads[node] = true;
		return;
	case 1:
		swarm->reads[whom] = true;
		if (story_ok(group_op(swarm, node, "grant", whom)))
			world_count(swarm->world, TALLY_GROUP_GRANT);
		return;
	case 2:
		if (story_ok(group_op(swarm, node, "deny", whom)))
			world_count(swarm->world, TALLY_GROUP_DENY);
		return;
	default:
		add_hidden(swarm, node);
	}
}

/* Whoever never was to read them does not see that they are there. */
void vault_check_hidden(struct swarm *swarm, int node)
{
	const Fob__Reply *reply;

	if (swarm->reads[node] || swarm->clone[node])
		return;
	reply = world_list(swarm->world, node, SWARM_HIDDEN);
	EXPECT(swarm->world, story_ok(reply) && reply->n_accounts == 0);
	world_count(swarm->world, TALLY_CHECK_HIDDEN);
}
