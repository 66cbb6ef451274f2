/*
 * The end: the network is whole, every machine is on, and all must come to
 * show the same within some virtual minutes, with everything that was
 * answered, and then be quiet.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/text.h"
#include "tests/sim/swarm.h"

#define HEAL_MS (30 * 60 * 1000)
#define QUIET_MS (10 * 60 * 1000)

/* A text of what a node shows: the same everywhere. */
struct view {
	char *text;
	size_t n, cap;
	unsigned n_conflicts;
};

static void view_add(struct view *view, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void view_add(struct view *view, const char *format, ...)
{
	va_list args;

	if (view->cap - view->n < 1024) {
		view->cap = 2 * view->cap + 4096;
		view->text = realloc(view->text, view->cap);
		REQUIRE(view->text);
	}
	va_start(args, format);
	view->n += (size_t)vsnprintf(view->text + view->n, view->cap - view->n,
				     format, args);
	va_end(args);
	REQUIRE(view->n < view->cap);
}

/* Not all read what is in groups: vault_check_hidden() looks at those. */
static void add_account(struct view *view, const Fob__Account *account)
{
	if (!strncmp(account->issuer, SWARM_HIDDEN, strlen(SWARM_HIDDEN)))
		return;
	view->n_conflicts += account->conflict ? 1 : 0;
	view_add(view,
		 "%s %s %s trashed %d conflict %d counter %llu "
		 "changed %llu incomplete %d version ",
		 account->issuer, account->account, account->type,
		 account->trashed, account->conflict,
		 (unsigned long long)account->counter,
		 (unsigned long long)account->changed, account->incomplete);
	for (size_t i = 0; i < account->version.len; i++)
		view_add(view, "%02x", account->version.data[i]);
	view_add(view, "\n");
}

static void view_of(struct swarm *swarm, int node, struct view *ret)
{
	const struct world_node *n = machine(swarm, node);
	const Fob__Reply *last = world_list(swarm->world, node, "");

	EXPECT(swarm->world, story_ok(last));
	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < n->n_replies; i++)
		for (size_t k = 0; n->replies[i]->id == last->id &&
				   k < n->replies[i]->n_accounts;
		     k++)
			add_account(ret, n->replies[i]->accounts[k]);
	for (unsigned i = 0; i < swarm->n_records; i++) {
		char issuer[32];
		const Fob__Reply *reply;

		issuer_of(i, issuer);
		reply = world_show(swarm->world, node, issuer);
		EXPECT(swarm->world, reply != NULL);
		for (size_t k = 0; reply->shown && k < reply->shown->n_fields;
		     k++) {
			const Fob__FieldValue *f = reply->shown->fields[k];

			view_add(ret, "%s %s = %.*s\n", issuer, f->key,
				 (int)f->value.len,
				 (const char *)f->value.data);
		}
	}
}

/* The first line in which two views differ. */
static void compare_views(struct swarm *swarm, const struct view *a,
			  const struct view *b)
{
	size_t start = 0;

	for (size_t i = 0; i < a->n && i < b->n && a->text[i] == b->text[i];
	     i++)
		if (a->text[i] == '\n')
			start = i + 1;
	if (a->n == b->n && !memcmp(a->text, b->text, a->n))
		return;
	printf("one shows:     %.*s\nanother shows: %.*s\n",
	       (int)strcspn(a->text + start, "\n"), a->text + start,
	       (int)strcspn(b->text + start, "\n"), b->text + start);
	world_failed(swarm->world, "all show the same", __FILE__, __LINE__);
}

/* Fields that somebody was told are set; entries in the trash aside. */
static void check_fields(struct swarm *swarm, int node)
{
	for (size_t i = 0; i < swarm->n_promises; i++) {
		const struct promise *promise = &swarm->promises[i];
		const Fob__Reply *reply;
		char issuer[32], key[32], value[32];

		issuer_of(promise->record, issuer);
		reply = world_list(swarm->world, node, issuer);
		if (!story_ok(reply) || reply->n_accounts == 0)
			continue;
		snprintf(key, sizeof(key), "x-%u", promise->value);
		snprintf(value, sizeof(value), "v%u", promise->value);
		EXPECT(swarm->world,
		       !strcmp(story_field(swarm->world, node, issuer, key),
			       value));
	}
}

static void wake_all(struct swarm *swarm)
{
	struct world *world = swarm->world;

	world_heal_all(world);
	for (int i = 0; i < world->n_nodes; i++) {
		if (machine(swarm, i)->asleep)
			world_wake(world, i);
		if (machine(swarm, i)->node && swarm->full[i])
			world_kill(world, i);
		if (!machine(swarm, i)->node)
			world_start(world, i);
		if (machine(swarm, i)->node->state == NODE_LOCKED)
			world_unlock(world, i);
	}
}

/* --- those who know of nobody -------------------------------------------------- */

static bool knows_way(struct swarm *swarm, int from, int to)
{
	const struct node *core = machine(swarm, from)->node;
	const struct world_node *other = machine(swarm, to);
	uint32_t author = set_author(&core->set, other->id);
	const struct device_status *status;

	for (size_t i = 0; i < core->n_by_hand; i++)
		if (!memcmp(core->by_hand[i].device, other->id, DEVICE_ID_SIZE))
			return true;
	if (author == NONE)
		return false;
	status = statuses_find(&core->statuses, author);
	return status && status->n_addresses > 0;
}

static bool is_other_member(struct swarm *swarm, int node, int other)
{
	return is_member(swarm, other) && !machine(swarm, other)->evil &&
	       memcmp(machine(swarm, node)->id, machine(swarm, other)->id,
		      DEVICE_ID_SIZE) != 0;
}

static bool is_lost(struct swarm *swarm, int node)
{
	for (int i = 0; i < swarm->world->n_nodes; i++)
		if (is_other_member(swarm, node, i) &&
		    (knows_way(swarm, node, i) || knows_way(swarm, i, node)))
			return false;
	return true;
}

static bool tell_way(struct swarm *swarm, int from, int to)
{
	Fob__Request request = FOB__REQUEST__INIT;
	Fob__PeerAsk ask = FOB__PEER_ASK__INIT;
	char op[] = "add", id[TEXT_HEX_SIZE(DEVICE_ID_SIZE)];
	const struct node *core = machine(swarm, from)->node;
	uint32_t author;

	author = set_author(&core->set, machine(swarm, to)->id);
	if (author == NONE || !core->set.authors[author].member)
		return false;
	text_hex_encode(id, sizeof(id), BYTES(machine(swarm, to)->id));
	ask.op = op;
	ask.name = id;
	ask.address = machine(swarm, to)->address;
	request.peer = &ask;
	EXPECT(swarm->world, story_ok(world_ask(swarm->world, from, &request)));
	world_count(swarm->world, TALLY_BY_HAND);
	return true;
}

/*
 * Who let it in was gone at once, before it could say where the others are.
 * Somebody types an address; or it knows none of those that are left, nor
 * they it.
 */
static void find_lost(struct swarm *swarm)
{
	struct world *world = swarm->world;

	for (int i = world->n_nodes; i-- > 0;) {
		bool told = false, alone = true;

		if (!is_member(swarm, i) || !is_lost(swarm, i))
			continue;
		for (int k = 0; k < world->n_nodes && !told; k++)
			if (is_other_member(swarm, i, k)) {
				alone = false;
				told = tell_way(swarm, i, k) ||
				       tell_way(swarm, k, i);
			}
		if (!told && !alone) {
			world_say(world, "%s  knows of nobody",
				  machine(swarm, i)->name);
			world_kill(world, i);
		}
	}
}

static bool is_equal(struct world *world, void *arg UNUSED)
{
	return world_equal(world);
}

/*
 * Somebody notices that it runs twice, once all have what both wrote. False:
 * they did not get it. Two with one id never talk to each other, so that
 * needs a third.
 */
static bool drop_clones(struct swarm *swarm)
{
	bool any = false, equal = true;

	for (int i = 0; i < swarm->world->n_nodes; i++)
		any |= swarm->clone[i];
	if (any)
		equal = world_until(swarm->world, HEAL_MS, is_equal, NULL);
	for (int i = 0; i < swarm->world->n_nodes; i++)
		if (swarm->clone[i] && machine(swarm, i)->node) {
			world_kill(swarm->world, i);
			machine(swarm, i)->promised.n = 0;
		}
	return equal;
}

/* Was the device of that machine put out, as anybody knows? */
static bool is_out(struct swarm *swarm, int node)
{
	const struct node *heir =
		swarm->recovered ? machine(swarm, swarm->heir)->node : NULL;

	/* Let in by somebody who was out by then, and never told. */
	if (heir && set_author(&heir->set, machine(swarm, node)->id) == NONE)
		return true;
	for (int i = 0; i < swarm->world->n_nodes; i++) {
		const struct node *core = machine(swarm, i)->node;
		uint32_t author;

		if (!core)
			continue;
		author = set_author(&core->set, machine(swarm, node)->id);
		if (author != NONE && core->set.authors[author].revoke != NONE)
			return true;
	}
	return false;
}

/* Does it know itself that it is a member? Who let it in may be out. */
static bool counts(struct swarm *swarm, int node)
{
	const struct node *core = machine(swarm, node)->node;

	return core->set.authors[core->self_author].member;
}

/* Those that never got in, or were put out, may go. */
static void drop_strangers(struct swarm *swarm)
{
	bool out[WORLD_NODES];

	for (int i = 0; i < swarm->world->n_nodes; i++)
		out[i] = !is_member(swarm, i) || is_out(swarm, i) ||
			 !counts(swarm, i) || vault_suspended(swarm, i);
	for (int i = 0; i < swarm->world->n_nodes; i++)
		if (out[i] && machine(swarm, i)->node)
			world_kill(swarm->world, i);
}

static void check_quiet(struct swarm *swarm)
{
	struct world *world = swarm->world;
	unsigned n = (unsigned)world->n_nodes;
	uint64_t pairs = n * (n - 1) / 2;

	/*
	 * After a status of the last change, signs of life alone; a pair that
	 * meets only now has to say hello.
	 */
	world_run(world, 60000);
	world->messages = 0;
	world_run(world, QUIET_MS);
	world_say(world, "%llu messages in ten quiet minutes",
		  (unsigned long long)world->messages);
	EXPECT(world,
	       world->messages <=
		       pairs * (2 * (QUIET_MS / KEEPALIVE_MS + 1) + 4 * n + 8));
}

/* The honest have come to be equal beside it; now they shall be quiet. */
static void drop_evil(struct swarm *swarm)
{
	for (int i = 0; i < swarm->world->n_nodes; i++)
		if (machine(swarm, i)->evil && machine(swarm, i)->node) {
			world_kill(swarm->world, i);
			machine(swarm, i)->promised.n = 0;
		}
}

static bool check_healed(struct swarm *swarm)
{
	struct world *world = swarm->world;
	struct view first = { 0 }, view;

	wake_all(swarm);
	world_run(world, 60000);
	find_lost(swarm);
	if (!drop_clones(swarm))
		return false;
	vault_lift_all(swarm);
	/* Whoever owes keys may have to rest before. */
	world_run(world, world->revoked ?
				 ROTATE_REST_MS + ROTATE_JITTER_MAX_MS + 60000 :
				 120000);
	drop_strangers(swarm);
	EXPECT(world, world_settle(world, HEAL_MS));
	world_check(world);
	drop_evil(swarm);
	/* Blobs that one of them had of the liar last are had of that one. */
	world_run(world, 60000);
	world_check_promises(world);
	for (int i = 0; i < world->n_nodes; i++) {
		if (!machine(swarm, i)->node)
			continue;
		if (machine(swarm, i)->node->state != NODE_UNLOCKED)
			continue;
		view_of(swarm, i, &view);
		if (first.text)
			compare_views(swarm, &first, &view);
		free(first.text);
		first = view;
		if (view.n_conflicts)
			world_count(world, TALLY_CONFLICT);
		vault_check_hidden(swarm, i);
		if (!swarm->went_back && !world->revoked && !swarm->unsure)
			check_fields(swarm, i);
	}
	free(first.text);
	EXPECT(world, world_settle(world, HEAL_MS));
	check_quiet(swarm);
	return true;
}

void end_check(struct swarm *swarm)
{
	struct world *world = swarm->world;

	if (!swarm->faults[FAULT_UNHEALED] && check_healed(swarm)) {
		world_count(world, TALLY_HEALED);
		return;
	}
	world_run(world, 60000);
	world_check(world);
	world_count(world, TALLY_UNHEALED);
}
